//! Getting a module ready for its workers: the nursery confines itself, the module is compiled if it has to be, and loaded.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use contract::about::{About, Answers};
use futures_util::future::try_join_all;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::{Mutex, mpsc};
use worker::Nursery;
use worker::answer::WorkerEnd;
use worker::channel::{Asked, ChannelError, Mechanism, Reply, Report, Socket, memory_file};
use worker::control_groups::{ControlGroups, NoGroups, Preparing};
use worker::limits::{Limits, LoadLimits, MIB};
use worker::printable::in_one_line;
use worker::sandbox::SandboxMode;
use worker::{EngineConfig, LoadError, LoadStep, Processor};

use super::counters::Counters;
use super::handle::Pool;
use super::nursery::{NurseryClient, log};
use super::slot::{Shared, Slot};
use super::worker_ends::WorkerEnds;

/// The nursery before it has a module.
#[derive(Debug)]
pub struct Loader {
    nursery: Nursery,
    limits: LoadLimits,
    scratch: Option<tempfile::TempDir>,
    groups: Option<ControlGroups>,
    preparing: Option<Preparing>,
}

/// What of this machine workers are given.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Folders that modules may use.
    pub folders: Vec<PathBuf>,
    /// The folder of TensorFlow's C library, where graphs may be run by it.
    pub tensorflow: Option<PathBuf>,
}

/// A nursery that confines itself. Meanwhile there are other things to do.
#[derive(Debug)]
pub struct Confining(Loader);

impl Confining {
    /// Waits until the nursery is confined. Also what this kernel can't do.
    ///
    /// # Errors
    /// [`LoadError::Worker`].
    pub fn finish(self) -> Result<(Loader, Vec<(String, String)>), LoadError> {
        let Self(loader) = self;
        let reply = loader.reply(Instant::now() + loader.limits.load_time);
        match reply.map_err(|error| loader.gone("the module", &error))? {
            Reply::Confined { missing } => {
                let named = |Mechanism { name, reason }| (name, reason);
                Ok((loader, missing.into_iter().map(named).collect()))
            }
            Reply::NotLoaded(error) => Err(error),
            other => Err(LoadError::Worker(format!("the nursery answered {other:?}"))),
        }
    }
}

impl Loader {
    /// Has the nursery confine itself, for modules that are given this. TensorFlow is opened before.
    ///
    /// # Errors
    /// [`LoadError::Worker`].
    pub fn confine(
        nursery: Nursery,
        mode: SandboxMode,
        given: Given,
        limits: LoadLimits,
        log_level: String,
    ) -> Result<Confining, LoadError> {
        let groups = groups(&[nursery.process]);
        let preparing = groups.as_ref().and_then(ControlGroups::keep_prepared);
        Self::confine_in(nursery, (groups, preparing), mode, given, limits, log_level)
    }

    /// The same for nurseries of a module each, whose workers' control groups lie beside each other.
    ///
    /// # Errors
    /// [`LoadError::Worker`].
    pub fn confine_all(
        nurseries: Vec<Nursery>,
        mode: SandboxMode,
        given: &Given,
        limits: LoadLimits,
        log_level: &str,
    ) -> Result<Vec<Confining>, LoadError> {
        let processes: Vec<i32> = nurseries.iter().map(|nursery| nursery.process).collect();
        let groups = groups(&processes);
        // One is enough for all.
        let mut preparing = groups.as_ref().and_then(ControlGroups::keep_prepared);
        let confine = |nursery| {
            let groups = (groups.clone(), preparing.take());
            Self::confine_in(nursery, groups, mode, given.clone(), limits, log_level.to_owned())
        };
        nurseries.into_iter().map(confine).collect()
    }

    fn confine_in(
        nursery: Nursery,
        (groups, preparing): (Option<ControlGroups>, Option<Preparing>),
        mode: SandboxMode,
        given: Given,
        limits: LoadLimits,
        log_level: String,
    ) -> Result<Confining, LoadError> {
        // Only a compiler needs it.
        let scratch = tempfile::tempdir().ok();
        let loader = Self { nursery, limits, scratch, groups, preparing };
        let scratch = loader.scratch.as_ref().map(|folder| folder.path().to_owned());
        let groups = loader.groups.as_ref().map(|groups| groups.folder().to_owned());
        let Given { folders, tensorflow } = given;
        let asked = Asked::Confine { mode, folders, tensorflow, scratch, groups, log_level };
        loader.send(&asked, &[]).map_err(|error| loader.gone("the module", &error))?;
        Ok(Confining(loader))
    }

    /// Compiles the module in a file, which messages call `name`, in a process of its own.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn compile(&self, name: &str, module: &File, processor: Processor) -> Result<File, LoadError> {
        let failed = |reason: String| LoadError::Compile { module: name.to_owned(), reason };
        let system = |error: io::Error| failed(error.to_string());
        let Some(scratch) = &self.scratch else {
            return Err(failed("there is no folder for what the compiler writes".to_owned()));
        };
        let found = module.metadata().map_err(system)?.len().div_ceil(MIB as u64);
        if found > self.limits.compile_mib.into() {
            let limit = self.limits.compile_mib;
            return Err(failed(format!("it has {found} MiB, accepted are up to {limit} (--compile-limit)")));
        }
        let output = memory_file("compiled").map_err(system)?;
        let (channel, other) = Socket::pair().map_err(system)?;
        let asked = Asked::Compile {
            processor,
            scratch: scratch.path().to_owned(),
            memory_mib: self.limits.compile_memory_mib,
        };
        let descriptors = [module.as_fd(), output.as_fd(), other.as_fd()];
        let reply =
            self.ask(&asked, &descriptors, self.limits.load_time).map_err(|error| self.gone(name, &error))?;
        drop(other);
        let Reply::Started { process } = reply else {
            return Err(failed(format!("the compiler was not started: {reply:?}")));
        };
        let said = wait_for_end(&channel, self.limits.compile_time);
        let ended = self.ask(&Asked::End { process }, &[], self.limits.load_time);
        match (said, ended) {
            (Said::TooSlow, _) => Err(LoadError::TooSlow {
                module: name.to_owned(),
                what: LoadStep::Compile,
                limit: self.limits.compile_time,
            }),
            (Said::Error(LoadError::Compile { reason, .. }), _) => Err(failed(reason)),
            (Said::Error(LoadError::Feature { feature, .. }), _) => {
                Err(LoadError::Feature { module: name.to_owned(), feature })
            }
            (Said::Error(error), _) => Err(error),
            (Said::Nothing, Ok(Reply::Ended { end: WorkerEnd::Exited(0), .. })) => Ok(output),
            (Said::Nothing, Ok(Reply::Ended { end: WorkerEnd::Exited(2), .. })) => {
                Err(LoadError::NoCompiler { module: name.to_owned(), reason: last_words(&output) })
            }
            (Said::Nothing, Ok(Reply::Ended { end, .. })) => {
                let (memory, said) = (self.limits.compile_memory_mib, last_words(&output));
                let said = if said.is_empty() { said } else { format!(": {said}") };
                Err(failed(format!("the compiler ended ({end}; it may take {memory} MiB of memory){said}")))
            }
            (Said::Nothing, other) => Err(failed(format!("the nursery answered {other:?}"))),
        }
    }

    /// Has the nursery load the module in a file. `is_known` says whether somebody
    /// vouches for it.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(
        self,
        name: &str,
        module: &File,
        config: &EngineConfig,
        is_known: bool,
    ) -> Result<Loading, LoadError> {
        let asked = Asked::Load { name: name.to_owned(), config: Box::new(config.clone()), is_known };
        let gone = |error: AskError| self.gone(name, &error);
        let deadline = Instant::now() + self.limits.load_time;
        let ends = WorkerEnds::new(config.limits).map_err(|error| LoadError::Worker(error.to_string()))?;
        let models = config.nn_models.iter().filter_map(|model| model.file.as_ref());
        let files: Vec<_> = [module.as_fd()].into_iter().chain(models.map(|file| file.as_fd())).collect();
        self.send(&asked, &files).map_err(gone)?;
        // The first worker starts as soon as the module is loaded, while this process confines itself.
        self.send(&Asked::Start, &ends.others()).map_err(gone)?;
        match self.reply(deadline).map_err(gone)? {
            Reply::Loaded { about } => Ok(Loading::Loaded(LoadedPool {
                channel: self.nursery.channel,
                limits: config.limits,
                module: name.to_owned(),
                makes_thumbnails: config.makes_thumbnail && about.answers != Answers::Picture,
                groups: self.groups,
                preparing: self.preparing,
                first: ends,
                about,
            })),
            Reply::NeedsCompiling { carries_code } => {
                // Nor was a worker started.
                self.reply(deadline).map_err(gone)?;
                Ok(Loading::NeedsCompiling { loader: self, carries_code })
            }
            Reply::NotLoaded(error) => Err(error),
            other => Err(LoadError::Worker(format!("the nursery answered {other:?}"))),
        }
    }

    fn ask(&self, asked: &Asked, descriptors: &[BorrowedFd<'_>], limit: Duration) -> Result<Reply, AskError> {
        self.send(asked, descriptors)?;
        self.reply(Instant::now() + limit)
    }

    fn send(&self, asked: &Asked, descriptors: &[BorrowedFd<'_>]) -> Result<(), AskError> {
        self.nursery.channel.send(asked, descriptors).map_err(AskError::Channel)
    }

    fn reply(&self, deadline: Instant) -> Result<Reply, AskError> {
        let channel = &self.nursery.channel;
        loop {
            if !wait_until(channel, deadline) {
                return Err(AskError::TooSlow);
            }
            match channel.receive_only::<Reply>().map_err(AskError::Channel)? {
                Reply::Log(line) => log(&line),
                reply => return Ok(reply),
            }
        }
    }

    /// Why the nursery does not answer; it is of no more use.
    fn gone(&self, name: &str, error: &AskError) -> LoadError {
        let module = || name.to_owned();
        match (error, worker::end(self.nursery.process)) {
            (AskError::TooSlow, _) => {
                LoadError::TooSlow { module: module(), what: LoadStep::Load, limit: self.limits.load_time }
            }
            (AskError::Channel(_), Ok((end, _))) => LoadError::LoaderDied { module: module(), end },
            (AskError::Channel(error), Err(_)) => LoadError::Worker(error.to_string()),
        }
    }
}

/// The control groups for the workers of these nurseries, where the system has any to give.
fn groups(nurseries: &[i32]) -> Option<ControlGroups> {
    let groups = ControlGroups::of_this_process(nurseries);
    match &groups {
        Ok(groups) => tracing::info!("each worker has a control group for its memory ({groups})"),
        Err(reason @ NoGroups::NotGiven(_)) => {
            tracing::info!("workers have no control groups for their memory: {reason}");
        }
        Err(reason @ NoGroups::Failed(_)) => {
            tracing::warn!(
                "workers have no control groups for their memory, though this system gives them: {reason}"
            );
        }
    }
    groups.ok()
}

#[derive(Debug)]
enum AskError {
    TooSlow,
    Channel(ChannelError),
}

/// What the compiler said before it ended.
enum Said {
    Nothing,
    Error(LoadError),
    TooSlow,
}

fn wait_for_end(channel: &Socket, limit: Duration) -> Said {
    let deadline = Instant::now() + limit;
    let mut said = Said::Nothing;
    loop {
        if !wait_until(channel, deadline) {
            return Said::TooSlow;
        }
        match channel.receive_only::<Report>() {
            Ok(Report::Log(line)) => log(&line),
            Ok(Report::NotReady(error)) => said = Said::Error(error),
            _ => return said,
        }
    }
}

/// Waits until something can be received; false at the deadline.
fn wait_until(channel: &Socket, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let left = rustix::event::Timespec::try_from(left).ok();
        let mut polled = [PollFd::new(channel, PollFlags::IN)];
        match poll(&mut polled, left.as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            // What is wrong shows when it is received.
            _ => return true,
        }
    }
}

/// The start of what a process wrote, in one line.
fn last_words(output: &File) -> String {
    use std::os::unix::fs::FileExt as _;
    let mut said = [0; 1024];
    let count = output.read_at(&mut said, 0).unwrap_or(0);
    let said = String::from_utf8_lossy(said.get(..count).unwrap_or_default());
    in_one_line(said.trim().trim_start_matches("vision: "))
}

/// Whether a module could be loaded as it is.
#[derive(Debug)]
pub enum Loading {
    /// It is loaded.
    Loaded(LoadedPool),
    /// It has no native code that may run: it is to be compiled, and then loaded.
    NeedsCompiling {
        /// To go on with.
        loader: Loader,
        /// Whether it carries native code that nobody vouches for.
        carries_code: bool,
    },
}

/// A module that is loaded, without workers: a moment at which the front can be confined.
#[derive(Debug)]
pub struct LoadedPool {
    channel: Socket,
    limits: Limits,
    module: String,
    makes_thumbnails: bool,
    groups: Option<ControlGroups>,
    preparing: Option<Preparing>,
    /// Of the first worker, which was asked for already.
    first: WorkerEnds,
    about: About,
}

impl LoadedPool {
    /// The folders that the front needs for its workers.
    pub fn folders(&self) -> Vec<PathBuf> {
        self.groups.iter().map(|groups| groups.folder().to_owned()).collect()
    }

    /// Starts `workers` and waits until each is ready. To be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn start(self, workers: usize) -> Result<Pool, LoadError> {
        let Self { channel, limits, module, makes_thumbnails, groups, preparing, first, about } = self;
        let nursery = NurseryClient::new(channel).map_err(|error| LoadError::Worker(error.to_string()))?;
        let (jobs, queue) = mpsc::unbounded_channel();
        let counters = Counters::default();
        let alive = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new(Shared {
            jobs: Mutex::new(queue),
            nursery,
            limits,
            groups,
            module,
            makes_thumbnails,
            counters: counters.clone(),
            alive: Arc::clone(&alive),
        });
        let others = try_join_all((1..workers).map(|_| shared.start_worker()));
        let (first, others) = tokio::try_join!(shared.first_worker(first), others)?;
        // That may take as long as the kernel, for which no event should wait; without a thread, it does.
        drop(std::thread::Builder::new().spawn(move || drop(preparing)));
        for worker in std::iter::once(first).chain(others) {
            counters.started.inc();
            tokio::spawn(Slot::new(Arc::clone(&shared), worker).serve());
        }
        Ok(Pool { jobs, limits, counters, alive, about: Arc::new(about) })
    }
}

//! The nursery: a process with one thread and the module loaded, of which workers are copies.
//!
//! It is forked before the front has threads, keys, connections or an open database, and first of all overwrites its copy
//! of the environment. It is confined before it reads a stranger's module, and never runs one.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use contract::about::{About, Answers};
use engine::answer::WorkerEnd;
use engine::limits::MIB;
use engine::{CodeSource, EngineConfig, LoadError, LoadedModule, Outline, Processor, compile};

use super::event_loop::{self, Confinement};
use super::{log, process};
use crate::channel::{Asked, Mechanism, Reply, Report, Socket, map_sealed};
use crate::control_groups;
use crate::sandbox::{Sandbox, SandboxMode};

/// Memory that loading a module may take, in MiB: the largest are a few dozen.
const LOADING_MIB: u64 = 1024;

/// The front's handle on the nursery.
#[derive(Debug)]
pub struct Nursery {
    /// Where requests go and replies come from.
    pub channel: Socket,
    /// The nursery's number.
    pub process: i32,
}

/// Forks the nursery from this process, which must have one thread and should not have read any secret yet.
///
/// # Errors
/// The system's reason.
pub fn fork() -> io::Result<Nursery> {
    let (channel, own) = Socket::pair()?;
    let front = std::process::id().cast_signed();
    let process = process::start(move || match process::detach(own.as_raw_fd(), front) {
        Ok(()) => serve(own),
        Err(_) => 1,
    })?;
    Ok(Nursery { channel, process })
}

impl Nursery {
    /// Another nursery, for another module. It is a copy of this one, which must not have been asked for anything else: so it
    /// knows nothing either, whatever this process has read meanwhile. It is no child of this process, and ends with it all the same.
    ///
    /// # Errors
    /// The system's reason.
    pub fn another(&self) -> io::Result<Self> {
        let (channel, other) = Socket::pair()?;
        self.channel.send(&Asked::Another, &[other.as_fd()]).map_err(io::Error::other)?;
        match self.channel.receive_only().map_err(io::Error::other)? {
            Reply::Started { process } => Ok(Self { channel, process }),
            Reply::NotStarted { reason } => Err(io::Error::other(reason)),
            other => Err(io::Error::other(format!("the nursery answered {other:?}"))),
        }
    }
}

/// Starts the nursery from the built program, at this path: for programs that are not it and have threads already, such as
/// tests.
///
/// # Errors
/// The system's reason.
pub fn start(program: &Path) -> io::Result<Nursery> {
    let (channel, own) = Socket::pair()?;
    let standard_input = own.as_fd().try_clone_to_owned()?;
    let child = Command::new(program).arg("nursery").stdin(standard_input).spawn()?;
    Ok(Nursery { channel, process: child.id().cast_signed() })
}

/// A nursery whose channel is standard input, as [`start`] starts it. It returns when the other side is gone.
///
/// # Errors
/// The system's reason.
pub fn serve_on_standard_input() -> io::Result<i32> {
    let own = io::stdin().as_fd().try_clone_to_owned()?;
    let front = process::parent();
    process::detach(own.as_raw_fd(), front)?;
    Ok(serve(own.into()))
}

fn serve(channel: Socket) -> i32 {
    crate::heap::prepare();
    let statm = File::open("/proc/self/statm").ok();
    let channel = Arc::new(channel);
    let mut nursery = Serving {
        channel: Arc::clone(&channel),
        statm,
        sandbox: None,
        scratch: None,
        groups: None,
        loaded: None,
        workers: Vec::new(),
    };
    while let Ok((asked, descriptors)) = channel.receive::<Asked>() {
        let has_time = matches!(asked, Asked::Confine { .. });
        let reply = nursery.answer(asked, descriptors);
        if channel.send(&reply, &[]).is_err() {
            break;
        }
        if has_time {
            // The front reads what it needs for its next question.
            engine::start_libraries();
        }
    }
    nursery.tidy_up();
    0
}

struct Serving {
    channel: Arc<Socket>,
    statm: Option<File>,
    sandbox: Option<Sandbox>,
    scratch: Option<PathBuf>,
    /// The folder of the workers' control groups.
    groups: Option<PathBuf>,
    loaded: Option<(LoadedModule, EngineConfig)>,
    /// The workers that were started and not ended.
    workers: Vec<i32>,
}

impl Serving {
    fn answer(&mut self, asked: Asked, mut descriptors: Vec<OwnedFd>) -> Reply {
        match asked {
            Asked::Another => match descriptors.pop() {
                Some(channel) => self.start_another(channel),
                None => nothing_came(),
            },
            Asked::Confine { mode, folders, tensorflow, scratch, groups, log_level } => {
                log::send_over(&self.channel);
                log::install(&log_level);
                self.groups = groups;
                if let Some(folder) = tensorflow
                    && let Err(error) = engine::open_tensorflow(&folder)
                {
                    return Reply::NotLoaded(error);
                }
                self.confine(mode, folders, scratch)
            }
            Asked::Compile { processor, scratch, memory_mib } => {
                let (Some(channel), Some(output), Some(input)) =
                    (descriptors.pop(), descriptors.pop(), descriptors.pop())
                else {
                    return nothing_came();
                };
                self.start_compiler(&scratch, processor, memory_mib, [input, output, channel])
            }
            Asked::Load { name, mut config, is_known } => {
                let models = descriptors.split_off(descriptors.len().min(1));
                if models.len() != config.nn_models.len() {
                    return nothing_came();
                }
                for (model, file) in config.nn_models.iter_mut().zip(models) {
                    model.file = Some(Arc::new(file.into()));
                }
                match descriptors.pop() {
                    Some(module) => self.load(&name, *config, module, is_known),
                    None => nothing_came(),
                }
            }
            Asked::Start => match (descriptors.pop(), descriptors.pop()) {
                (Some(answers), Some(channel)) => {
                    let reply = self.start_worker(channel.into(), answers);
                    if let Reply::Started { process } = &reply {
                        self.workers.push(*process);
                    }
                    reply
                }
                _ => nothing_came(),
            },
            Asked::End { process } => {
                self.workers.retain(|worker| *worker != process);
                match process::end(process) {
                    Ok((end, peak_bytes)) => Reply::Ended { end, peak_bytes },
                    // It is no child of this process; who asks has no worker any more in any case.
                    Err(_) => Reply::Ended { end: WorkerEnd::Exited(0), peak_bytes: 0 },
                }
            }
        }
    }

    fn start_another(&self, channel: OwnedFd) -> Reply {
        if self.sandbox.is_some() {
            return Reply::NotStarted { reason: "this one is confined already".to_owned() };
        }
        let own = [Some(self.channel.as_raw_fd()), self.statm.as_ref().map(File::as_raw_fd)];
        started(process::start(|| {
            own.into_iter().flatten().for_each(process::close);
            serve(channel.into())
        }))
    }

    fn confine(&mut self, mode: SandboxMode, folders: Vec<PathBuf>, scratch: Option<PathBuf>) -> Reply {
        process::hide();
        process::limit_own_memory(process::data_bytes(self.statm.as_ref()) + (LOADING_MIB << 20));
        self.scratch.clone_from(&scratch);
        let groups = self.groups.as_deref().and_then(Path::parent);
        let (sandbox, missing) = Sandbox::of_nursery(mode, folders, scratch, groups);
        self.sandbox = Some(sandbox);
        let named = |(name, reason): (&str, String)| Mechanism { name: name.to_owned(), reason };
        Reply::Confined { missing: missing.into_iter().map(named).collect() }
    }

    /// Ends the workers of a front that is gone, and removes what it, they and a compiler left.
    fn tidy_up(&self) {
        self.workers.iter().for_each(|worker| drop(process::end(*worker)));
        if let Some(groups) = &self.groups {
            control_groups::remove(groups, &self.workers);
        }
        if let Some(scratch) = &self.scratch {
            drop(std::fs::remove_dir_all(scratch));
        }
    }

    fn start_compiler(
        &self,
        scratch: &Path,
        processor: Processor,
        memory_mib: u32,
        [input, output, channel]: [OwnedFd; 3],
    ) -> Reply {
        let memory = process::data_bytes(self.statm.as_ref()) + u64::from(memory_mib) * MIB as u64;
        let (channel, own) = (Arc::new(Socket::from(channel)), &self.channel);
        let sandbox = self.sandbox.unwrap_or_default();
        started(process::start(|| {
            process::close(own.as_raw_fd());
            log::send_over(&channel);
            process::end_with_parent();
            process::limit_memory(memory);
            sandbox.confine_compiler();
            // What libraries say before they give up is the reason then.
            process::say_into(output.as_raw_fd());
            // Whoever asked knows the name.
            let failed = |reason: String| LoadError::Compile { module: String::new(), reason };
            let written = read_all(input.into())
                .map_err(|error| failed(error.to_string()))
                .and_then(|wasm| {
                    Outline::check_features("", &wasm)?;
                    compile(&wasm, processor, scratch).map_err(failed)
                })
                .and_then(|compiled| {
                    File::from(output).write_all(&compiled).map_err(|error| failed(error.to_string()))
                });
            match written {
                Ok(()) => 0,
                Err(error) => {
                    drop(channel.send(&Report::NotReady(error), &[]));
                    1
                }
            }
        }))
    }

    fn load(&mut self, name: &str, config: EngineConfig, module: OwnedFd, is_known: bool) -> Reply {
        let failed = |reason: String| LoadError::Refused { module: name.to_owned(), reason };
        let step = || {
            let unreadable = |error: io::Error| LoadError::Unreadable {
                module: name.to_owned(),
                reason: error.to_string(),
            };
            let module = File::from(module);
            match map_sealed(&module).map_err(unreadable)? {
                Some(wasm) => prepare(name, &wasm, config, is_known),
                None => prepare(name, &read_all(module).map_err(unreadable)?, config, is_known),
            }
        };
        // Loading may take long, and nobody looks at the channel meanwhile.
        process::end_with_parent();
        let prepared = catch_unwind(AssertUnwindSafe(step))
            .unwrap_or_else(|_| Err(failed("loading it failed in a way that is our fault".to_owned())));
        process::end_by_itself();
        match prepared {
            Ok(Prepared::Loaded { module, config, about }) => {
                if let Some(sandbox) = &self.sandbox {
                    sandbox.end_loading();
                }
                self.loaded = Some((*module, *config));
                Reply::Loaded { about }
            }
            Ok(Prepared::NeedsCompiling { carries_code }) => Reply::NeedsCompiling { carries_code },
            Err(error) => Reply::NotLoaded(error),
        }
    }

    fn start_worker(&self, channel: Socket, answers: OwnedFd) -> Reply {
        let Some((module, config)) = &self.loaded else {
            return Reply::NotStarted { reason: "no module is loaded".to_owned() };
        };
        let confinement = Confinement {
            data_bytes: process::data_bytes(self.statm.as_ref()),
            address_bytes: process::address_bytes(self.statm.as_ref()),
            sandbox: self.sandbox.unwrap_or_default(),
        };
        let own = &self.channel;
        started(process::start(|| {
            process::close(own.as_raw_fd());
            event_loop::run(channel, answers, module, config, &confinement)
        }))
    }
}

enum Prepared {
    Loaded { module: Box<LoadedModule>, config: Box<EngineConfig>, about: About },
    NeedsCompiling { carries_code: bool },
}

/// Loads a module if the configuration lets it run as it is.
fn prepare(name: &str, wasm: &[u8], mut config: EngineConfig, is_known: bool) -> Result<Prepared, LoadError> {
    let outline = Outline::read(name, wasm)?;
    outline.check(name, config.limits)?;
    let carries_code = outline.has_native_code;
    let runs_as_it_is = match config.code {
        CodeSource::Interpret => true,
        CodeSource::Native => carries_code,
        CodeSource::Compile => false,
        CodeSource::Auto => {
            config.is_vouched_for = carries_code && is_known;
            config.is_vouched_for
        }
    };
    if runs_as_it_is {
        let about = outline.about.unwrap_or_default();
        // Small copies are kept beside labels; what answers pictures has none.
        config.makes_thumbnail &= about.answers != Answers::Picture;
        let module = Box::new(LoadedModule::load(name, wasm, &config)?);
        return Ok(Prepared::Loaded { module, config: Box::new(config), about });
    }
    Outline::check_features(name, wasm)?;
    Ok(Prepared::NeedsCompiling { carries_code })
}

fn started(process: io::Result<i32>) -> Reply {
    match process {
        Ok(process) => Reply::Started { process },
        Err(error) => Reply::NotStarted { reason: error.to_string() },
    }
}

fn nothing_came() -> Reply {
    Reply::NotStarted { reason: "a descriptor is missing".to_owned() }
}

fn read_all(mut file: File) -> io::Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _};
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

//! Many photos: each becomes a row of one output. What goes wrong with a photo is its row.
//!
//! ```text
//! sources ─ names ─▶ plan (shard, done?) ─▶ fetch ─▶ pool ─▶ row ─▶ output
//! ```
//!
//! Nothing here grows with the number of photos but sixteen bytes for each one that was done before.

mod output;
mod photo_name;
mod progress;
mod question;
mod row;
mod settings;
mod shard;
mod sources;

pub use settings::BatchArgs;

use std::io::{self, ErrorKind};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use thiserror::Error;
use tokio::sync::mpsc;
use worker::sandbox::Needs;

use super::shutdown::Shutdown;
use super::{Requirements, Threads, Trigger, TriggerError};
use crate::pool::{Pool, Pools};
use output::{Done, Output};
use photo_name::PhotoName;
use progress::Progress;
use question::Question;
use row::Row;
use shard::Shard;
use sources::{Fetch, Sight, Source};

/// Why a batch is not done.
#[derive(Debug, Error)]
pub enum BatchError {
    /// Somebody asked for the end.
    #[error("ended by a signal after {0} photos{1}")]
    Interrupted(u64, &'static str),
    /// The rows have no place any more.
    #[error("can't write the answers: {0}")]
    Write(io::Error),
    /// There may be photos that were not seen.
    #[error("{0} places could not be looked into, and photos in them have no answer")]
    Unseen(u64),
    /// `--strict`.
    #[error("{0} photos have an error for an answer")]
    Failed(u64),
}

/// What follows after a signal where the output is a file.
const GOES_ON: &str = "; the same command goes on from here";

/// `vision batch`.
#[derive(Debug)]
pub struct BatchTrigger {
    arguments: BatchArgs,
    workers: NonZeroUsize,
    source: Source,
    output: Output,
    question: Question,
    plan: Arc<Plan>,
}

/// Which photos are to be done.
#[derive(Debug)]
struct Plan {
    shard: Shard,
    done: Done,
}

impl Plan {
    fn wants(&self, name: &PhotoName) -> bool {
        let sum = name.sum();
        self.shard.has(&sum) && !self.done.has(&sum)
    }
}

impl BatchTrigger {
    /// Opens source and output; so many photos are answered at the same time.
    ///
    /// # Errors
    /// A setting that makes no sense, and what can't be read or written.
    pub fn open(arguments: BatchArgs, workers: NonZeroUsize) -> Result<Self, TriggerError> {
        let variable = |name: &str| std::env::var(name).ok();
        let shard = arguments.shards.resolve(variable).map_err(TriggerError::configuration)?;
        let question = Question::new(&arguments);
        let source = Source::open(&arguments).map_err(TriggerError::configuration)?;
        let path = arguments.output.as_ref().map(|path| of_shard(path, shard));
        let form = arguments.form().map_err(TriggerError::configuration)?;
        let output = Output::open(path.as_deref(), form, arguments.retry);
        let (output, done) = output.map_err(TriggerError::configuration)?;
        let plan = Arc::new(Plan { shard, done });
        Ok(Self { arguments, workers, source, output, question, plan })
    }
}

/// The path with the shard's number where it says `{shard}`.
fn of_shard(path: &Path, shard: Shard) -> PathBuf {
    match path.to_str() {
        Some(text) => text.replace("{shard}", &shard.index().to_string()).into(),
        None => path.to_owned(),
    }
}

impl Trigger for BatchTrigger {
    type Opened = ();

    fn requirements(&self) -> Requirements {
        Requirements {
            workers: self.workers,
            event_mib: self.arguments.event_mib(),
            threads: Threads::One,
            shutdown: Some(self.arguments.shutdown),
            ..Requirements::default()
        }
    }

    fn prepare(&self) -> Result<Needs, TriggerError> {
        let mut needs = self.source.needs();
        needs.folders.extend(self.output.folder().map(Path::to_owned));
        Ok(needs)
    }

    async fn open(&self, _: &Pools) -> Result<(), TriggerError> {
        Ok(())
    }

    fn ended_before_open(&self) -> Result<(), TriggerError> {
        Err(TriggerError::failed(BatchError::Interrupted(0, GOES_ON)))
    }

    async fn serve(self, (): (), pools: &Pools, shutdown: &Shutdown) -> Result<(), TriggerError> {
        let run = Run::new(self, pools.first());
        // Who would not wait gets no more rows; those that are there are whole.
        match shutdown.bound(run.finish(shutdown)).await {
            Ok(ended) => ended.map_err(TriggerError::failed),
            Err(unfinished) => Err(TriggerError::failed(unfinished)),
        }
    }
}

/// A batch that runs.
struct Run<'a> {
    pool: &'a Pool,
    arguments: BatchArgs,
    workers: NonZeroUsize,
    source: Source,
    fetch: Fetch,
    question: Arc<Question>,
    plan: Arc<Plan>,
    output: Output,
    progress: Progress,
    seen: Seen,
}

/// What else was seen on the way.
#[derive(Debug, Default)]
struct Seen {
    links: u64,
    unseen: u64,
}

impl<'a> Run<'a> {
    fn new(trigger: BatchTrigger, pool: &'a Pool) -> Self {
        let BatchTrigger { arguments, workers, source, output, question, plan } = trigger;
        let progress = Progress::new(arguments.progress, arguments.quiet);
        let (fetch, question) = (source.fetch(), Arc::new(question));
        let seen = Seen::default();
        Self { pool, arguments, workers, source, fetch, question, plan, output, progress, seen }
    }

    async fn finish(mut self, shutdown: &Shutdown) -> Result<(), BatchError> {
        let written = self.answer_all(shutdown).await;
        self.progress.clear();
        match written {
            Ok(()) => {}
            // Nobody reads on, as behind `| head`.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(BatchError::Write(error)),
        }
        self.output.finish().map_err(BatchError::Write)?;
        #[cfg(feature = "parquet")]
        if !shutdown.is_asked() {
            self.output.complete(shutdown).await.map_err(BatchError::Write)?;
        }
        self.summarise();
        if shutdown.is_asked() {
            let goes_on = if self.output.is_resumable() { GOES_ON } else { "" };
            return Err(BatchError::Interrupted(self.progress.done(), goes_on));
        }
        let failed = self.progress.failed + self.plan.done.failed() as u64;
        match (self.seen.unseen, failed) {
            (0, 0) => Ok(()),
            (0, failed) if self.arguments.strict => Err(BatchError::Failed(failed)),
            (0, _) => Ok(()),
            (unseen, _) => Err(BatchError::Unseen(unseen)),
        }
    }

    /// Answers photos until there are no more, or the end is asked for; those in hand are finished then.
    async fn answer_all(&mut self, shutdown: &Shutdown) -> io::Result<()> {
        let (plan, pool, limit) = (Arc::clone(&self.plan), self.pool, self.arguments.photo_bytes());
        let counted = self.source.count({
            let plan = Arc::clone(&plan);
            move |name| plan.wants(name)
        });
        let (told, mut asides) = mpsc::unbounded_channel();
        let names = stream::unfold(self.source.sights(), |mut sights| {
            let (plan, told) = (&plan, told.clone());
            async move {
                loop {
                    match shutdown.unless_asked(sights.recv()).await.flatten()? {
                        Sight::Photo(name) if plan.wants(&name) => return Some((name, sights)),
                        Sight::Photo(_) => {}
                        // Whoever listens is this very task.
                        other => drop(told.send(other)),
                    }
                }
            }
        });
        let (fetch, question) = (self.fetch.clone(), Arc::clone(&self.question));
        // One more than workers, so that fetching a photo keeps no worker waiting.
        let rows = names
            .map(|name| answer(pool, &fetch, &question, name, limit))
            .buffer_unordered(self.workers.get() * 2);
        let mut rows = std::pin::pin!(rows);
        let mut counted = std::pin::pin!(async move {
            match counted {
                Some(count) => count.await.ok(),
                None => None,
            }
        });
        let mut is_counted = false;
        loop {
            tokio::select! {
                biased;
                Some(aside) = asides.recv() => self.note(aside),
                total = &mut counted, if !is_counted => {
                    is_counted = true;
                    total.into_iter().for_each(|total| self.progress.set_total(total));
                }
                row = rows.next() => match row {
                    Some(row) => {
                        self.output.write(&row)?;
                        self.progress.count(row.result.is_err());
                    }
                    None => break,
                },
            }
        }
        while let Ok(aside) = asides.try_recv() {
            self.note(aside);
        }
        Ok(())
    }

    fn note(&mut self, sight: Sight) {
        match sight {
            Sight::Link => self.seen.links += 1,
            Sight::Loop(path) => {
                self.progress
                    .tell(&format!("vision: {path} leads back to a folder that it is in, and was left out"));
            }
            Sight::Unseen(what) => {
                self.seen.unseen += 1;
                self.progress.tell(&format!("vision: can't look into {what}"));
            }
            Sight::Photo(_) => {}
        }
    }

    fn summarise(&self) {
        if self.arguments.quiet {
            return;
        }
        let elapsed = self.progress.elapsed();
        let (seconds, rate) = (elapsed.as_secs_f64(), self.progress.rate(elapsed));
        let mut text = format!(
            "vision: {} photos in {seconds:.1} s ({rate:.1}/s), {} of them failed",
            self.progress.done(),
            self.progress.failed
        );
        let before = self.plan.done.count();
        if before > 0 {
            text.push_str(&format!("; {before} were done before"));
        }
        if self.seen.links > 0 {
            text.push_str(&format!("; {} links were not followed (--follow)", self.seen.links));
        }
        self.progress.tell(&text);
    }
}

async fn answer(pool: &Pool, fetch: &Fetch, question: &Arc<Question>, name: PhotoName, limit: usize) -> Row {
    match fetch.event(&name, question, limit).await {
        Ok(event) => Row::of_call(name, pool.call(event, None).await),
        Err(problem) => Row::failed(name, problem),
    }
}

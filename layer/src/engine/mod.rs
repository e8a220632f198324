//! Runs a module: loaded once, a fresh instance for every event, within limits.
//!
//! [`Engine`] is the handle that triggers hold. Behind it, each worker thread keeps one instance ready; an event
//! takes that instance, runs it with the event as its standard input, and the worker makes the next one.

mod answer;
mod capture;
mod compile;
mod config;
mod handler;
mod instance;
mod module;
mod module_data;
#[cfg(test)]
mod tests;
mod worker;

pub use answer::{Answer, CallError, Timings};
pub use compile::{CompileError, Processor, compile};
pub use config::{CodeSource, DirGrant, EngineConfig};
pub use handler::Handler;
pub use module::LoadError;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crossbeam_channel::Sender;
use tokio::sync::oneshot;

use crate::limits::Limits;
use module::LoadedModule;
use worker::Job;

/// A module that is loaded and ready for events. Cheap to clone; the workers end when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Engine {
    jobs: Sender<Job>,
    limits: Limits,
}

impl Engine {
    /// Loads the module at `path`, starts the workers and waits until each has its first instance ready.
    ///
    /// # Errors
    /// Everything that can be wrong before the first event: see [`LoadError`].
    pub fn start(path: &Path, config: &EngineConfig) -> Result<Self, LoadError> {
        Self::load(path, config.clone())?.start()
    }

    /// Loads the module at `path`, which is all that needs its file.
    ///
    /// # Errors
    /// A module that can't be run: see [`LoadError`].
    pub fn load(path: &Path, config: EngineConfig) -> Result<LoadedEngine, LoadError> {
        let module = Arc::new(LoadedModule::load(path, &config)?);
        Ok(LoadedEngine { module, config: Arc::new(config) })
    }

    /// Runs one event, for at most `limit` (and never longer than the engine's own time limit).
    ///
    /// # Errors
    /// See [`CallError`]. A guest that exits with a code other than 0 is an [`Answer`], not an error.
    pub async fn call(&self, event: Bytes, limit: Option<Duration>) -> Result<Answer, CallError> {
        if event.len() > self.limits.event_bytes() {
            return Err(CallError::EventTooLarge { found: event.len(), limit: self.limits.event_bytes() });
        }
        let time = limit.unwrap_or(self.limits.time).min(self.limits.time);
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job { event, time, reply }).map_err(|_| CallError::WorkerGone)?;
        answer.await.map_err(|_| CallError::WorkerGone)?
    }

    /// The limits that every event runs under.
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

/// A module that is loaded, without threads to run it: a moment at which the process can be confined.
pub struct LoadedEngine {
    module: Arc<LoadedModule>,
    config: Arc<EngineConfig>,
}

impl LoadedEngine {
    /// Starts the workers and waits until each has its first instance ready.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn start(self) -> Result<Engine, LoadError> {
        let (jobs, queue) = crossbeam_channel::unbounded();
        let Self { module, config } = self;
        let ready = (0..config.workers.get())
            .map(|number| worker::spawn(number, Arc::clone(&module), Arc::clone(&config), queue.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        for worker in ready {
            worker.recv().map_err(|_| LoadError::WorkerDied)??;
        }
        Ok(Engine { jobs, limits: config.limits })
    }
}

impl Handler for Engine {
    fn call(
        &self,
        event: Bytes,
        limit: Option<Duration>,
    ) -> impl Future<Output = Result<Answer, CallError>> + Send {
        Self::call(self, event, limit)
    }
}

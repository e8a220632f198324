//! The engine on a thread of this process, for tests and benchmarks of the engine itself. Real events run in worker
//! processes (`crate::pool`).

use std::io::Cursor;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use bytes::Bytes;

use super::config::EngineConfig;
use super::error::LoadError;
use super::event::Event;
use super::events::{Events, answer_events};
use super::module::LoadedModule;
use crate::answer::{Answer, CallError, Thumbnail};
use crate::native_stack::STACK_BYTES;

/// A module on a thread that answers one event at a time; the thread ends when this is dropped.
#[derive(Debug)]
pub struct Engine {
    jobs: Sender<(Bytes, Duration)>,
    answers: Receiver<Result<Answer, CallError>>,
    limits: crate::limits::Limits,
}

/// The thread's side.
struct Jobs {
    jobs: Receiver<(Bytes, Duration)>,
    answers: Sender<Result<Answer, CallError>>,
    ready: Option<Sender<Result<(), LoadError>>>,
}

impl Events for Jobs {
    fn next(&mut self) -> Option<Event> {
        if let Some(ready) = self.ready.take() {
            ready.send(Ok(())).ok()?;
        }
        let (event, time) = self.jobs.recv().ok()?;
        Some(Event { input: Box::new(Cursor::new(event)), time })
    }

    fn answer(&mut self, answer: Result<Answer, CallError>, _: bool) {
        // A caller that went away needs no answer.
        drop(self.answers.send(answer));
    }

    fn thumbnail(&mut self, _: Result<Thumbnail, String>) {}
}

impl Engine {
    /// Loads the module in `wasm` and waits until its first instance is ready.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn start(wasm: &[u8], config: &EngineConfig) -> Result<Self, LoadError> {
        let failed = |error: &dyn std::fmt::Display| LoadError::Worker(error.to_string());
        let module = LoadedModule::load("module.wasm", wasm, config)?;
        let ((jobs, queue), (replies, answers)) = (mpsc::channel(), mpsc::channel());
        let (ready, readiness) = mpsc::channel();
        let limits = config.limits;
        let config = config.clone();
        std::thread::Builder::new()
            .name("engine".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let mut events = Jobs { jobs: queue, answers: replies, ready: Some(ready.clone()) };
                if let Err(error) = answer_events(&module, &config, &mut events) {
                    // Who started it waits for this.
                    drop(ready.send(Err(error)));
                }
            })
            .map_err(|error| failed(&error))?;
        readiness.recv().map_err(|error| failed(&error))??;
        Ok(Self { jobs, answers, limits })
    }

    /// Runs one event, for at most `limit` (and never longer than the engine's own time limit).
    ///
    /// # Errors
    /// See [`CallError`]. A guest that exits with a code other than 0 is an [`Answer`], not an error.
    pub fn call(&self, event: Bytes, limit: Option<Duration>) -> Result<Answer, CallError> {
        let gone = |_| CallError::NoWorker { reason: "its thread is gone".to_owned() };
        let time = limit.unwrap_or(self.limits.time).min(self.limits.time);
        self.jobs.send((event, time)).map_err(|_| gone(mpsc::RecvError))?;
        self.answers.recv().map_err(gone)?
    }
}

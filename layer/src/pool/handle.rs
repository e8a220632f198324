//! What triggers hold of the workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contract::about::About;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use worker::answer::{Answer, CallError};
use worker::channel::EventFile;
use worker::limits::Limits;

use super::counters::Counters;
use super::handler::Handler;
use super::job::{GRACE, Job};

/// Bytes that the runtime itself may put around what came: the head of the event that an object of a storage becomes.
pub const FRAME_BYTES: usize = 1024;

/// Workers that answer events. Cheap to clone; they end when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) jobs: mpsc::UnboundedSender<Job>,
    pub(super) limits: Limits,
    pub(super) counters: Counters,
    pub(super) alive: Arc<AtomicUsize>,
    pub(super) about: Arc<About>,
}

impl Pool {
    /// Runs one event, for at most `limit` (and never longer than the pool's own time limit), counted from now.
    ///
    /// # Errors
    /// See [`CallError`]. A module that exits with a code other than 0 is an [`Answer`], not an error.
    pub async fn call(&self, event: EventFile, limit: Option<Duration>) -> Result<Answer, CallError> {
        if event.len() > self.limits.event_bytes() + FRAME_BYTES {
            return Err(CallError::EventTooLarge { found: event.len(), limit: self.limits.event_bytes() });
        }
        event.seal();
        let limit = limit.unwrap_or(self.limits.time).min(self.limits.time);
        let deadline = Instant::now() + limit;
        let (reply, mut answer) = oneshot::channel();
        self.jobs.send(Job { event, deadline, limit, reply }).map_err(|_| no_worker(&"all are gone"))?;
        // A slot answers within the grace; only where there is none that takes the event, this clock runs out.
        match tokio::time::timeout_at(deadline + GRACE * 2, &mut answer).await {
            Ok(answer) => answer.map_err(|_| no_worker(&"it ended with its event"))?,
            Err(_) => Err(CallError::Timeout { limit }),
        }
    }

    /// The limits that every event runs under.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What the function says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What happened to workers.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Waits until no worker can be had any more: the processes that they are started by are gone. Only a new start of the
    /// program helps then.
    pub async fn gone(&self) {
        self.jobs.closed().await;
    }

    /// Workers that are ready or busy now.
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::Relaxed)
    }
}

fn no_worker(reason: &impl ToString) -> CallError {
    CallError::NoWorker { reason: reason.to_string() }
}

impl Handler for Pool {
    fn call(
        &self,
        event: EventFile,
        limit: Option<Duration>,
    ) -> impl Future<Output = Result<Answer, CallError>> + Send {
        Self::call(self, event, limit)
    }
}

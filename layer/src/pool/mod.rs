//! The front's side of the workers: who gets an event, how long it may take, and what becomes of a worker that dies.
//!
//! ```text
//! call ─▶ queue ─▶ slot ═ one worker at a time: sends the event, holds the clock, kills, replaces
//! ```

mod handler;
mod loading;
mod nursery;
mod slot;
mod socket;
mod worker_process;

pub use handler::Handler;
pub use loading::{LoadedPool, Loader, Loading};

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use worker::answer::{Answer, CallError};
use worker::channel::EventFile;
use worker::limits::Limits;

/// How long after its time limit an event is given up whose worker should have said so: the worker is killed then.
pub const GRACE: Duration = Duration::from_millis(100);

/// An event on its way to a worker.
#[derive(Debug)]
struct Job {
    event: EventFile,
    deadline: Instant,
    limit: Duration,
    reply: oneshot::Sender<Result<Answer, CallError>>,
}

/// What happened to workers. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Workers that were started, the first ones among them.
    pub started: Counter,
    /// Workers that ended by themselves, by a fault or because somebody killed them.
    pub died: Counter,
    /// Those of them that wanted more memory than their limit.
    pub out_of_memory: Counter,
    /// Workers that were killed because their event's time was over.
    pub killed: Counter,
}

/// Workers that answer events. Cheap to clone; they end when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Pool {
    jobs: mpsc::UnboundedSender<Job>,
    limits: Limits,
    counters: Counters,
    alive: Arc<AtomicUsize>,
}

impl Pool {
    /// Runs one event, for at most `limit` (and never longer than the pool's own time limit), counted from now.
    ///
    /// # Errors
    /// See [`CallError`]. A module that exits with a code other than 0 is an [`Answer`], not an error.
    pub async fn call(&self, event: EventFile, limit: Option<Duration>) -> Result<Answer, CallError> {
        if event.len() > self.limits.event_bytes() {
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
        self.alive.load(std::sync::atomic::Ordering::Relaxed)
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

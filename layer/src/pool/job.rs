//! An event on its way to a worker.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use worker::answer::{Answer, CallError};
use worker::channel::EventFile;

/// How long after its time limit an event is given up whose worker should have said so: the worker is killed then.
pub const GRACE: Duration = Duration::from_millis(100);

/// An event on its way to a worker.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) event: EventFile,
    pub(super) deadline: Instant,
    pub(super) limit: Duration,
    pub(super) reply: oneshot::Sender<Result<Answer, CallError>>,
}

//! Asking the nursery: for a worker, and for a worker's end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use worker::answer::WorkerEnd;
use worker::channel::{Asked, ChannelError, LogLine, Reply, Socket};
use worker::printable::in_one_line;

use super::socket::AsyncSocket;
use super::worker_ends::WorkerEnds;

/// How long the nursery may take for a request; it is a matter of a millisecond.
const PATIENCE: Duration = Duration::from_secs(10);

/// The nursery, once a module is loaded; one request at a time. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct NurseryClient(Arc<Mutex<Option<AsyncSocket>>>);

/// How a worker ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) end: WorkerEnd,
    pub(super) peak_bytes: u64,
}

impl NurseryClient {
    /// To be called within a tokio runtime.
    pub(super) fn new(channel: Socket) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Some(AsyncSocket::new(channel)?)))))
    }

    /// Starts a worker with these ends; its number.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn start(&self, ends: &WorkerEnds) -> Result<i32, String> {
        number_of(self.ask(Some(&Asked::Start), &ends.others()).await)
    }

    /// The number of a worker that was asked for before anything else.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn started(&self) -> Result<i32, String> {
        number_of(self.ask(None, &[]).await)
    }

    /// Kills a worker if it lives; how it ended.
    ///
    /// # Errors
    /// The nursery is gone, and so are all workers.
    pub(super) async fn end(&self, process: i32) -> Result<Ended, String> {
        match self.ask(Some(&Asked::End { process }), &[]).await.map_err(|error| gone(&error))? {
            Reply::Ended { end, peak_bytes } => Ok(Ended { end, peak_bytes }),
            other => Err(format!("the nursery answered {other:?}")),
        }
    }

    /// Asks, unless that was done already, and waits for the reply.
    async fn ask(
        &self,
        asked: Option<&Asked>,
        descriptors: &[std::os::fd::BorrowedFd<'_>],
    ) -> Result<Reply, ChannelError> {
        let mut place = self.0.lock().await;
        let channel = place.as_ref().ok_or(ChannelError::Closed)?;
        let asking = async {
            if let Some(asked) = asked {
                channel.send(asked, descriptors).await?;
            }
            loop {
                match channel.receive::<Reply>().await? {
                    Reply::Log(line) => log(&line),
                    reply => return Ok(reply),
                }
            }
        };
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(reply)) => Ok(reply),
            // One that does not answer is of no more use than one that is gone, and a late reply would be taken for that to
            // another request: the channel is given up.
            failed => {
                *place = None;
                failed.unwrap_or(Err(ChannelError::Closed))
            }
        }
    }
}

fn number_of(reply: Result<Reply, ChannelError>) -> Result<i32, String> {
    match reply.map_err(|error| gone(&error))? {
        Reply::Started { process } => Ok(process),
        Reply::NotStarted { reason } => Err(reason),
        other => Err(format!("the nursery answered {other:?}")),
    }
}

fn gone(error: &ChannelError) -> String {
    format!("the nursery of the workers is gone ({error})")
}

/// Logs a line of the other half as one's own.
pub(super) fn log(line: &LogLine) {
    let (level, text) = (&line.level, in_one_line(&line.text));
    match level.as_str() {
        "ERROR" => tracing::error!("{text}"),
        "WARN" => tracing::warn!("{text}"),
        "INFO" => tracing::info!("{text}"),
        "DEBUG" => tracing::debug!("{text}"),
        _ => tracing::trace!("{text}"),
    }
}

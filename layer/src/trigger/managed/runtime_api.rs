//! A client of the platform's calls.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use contract::{ErrorCode, HttpForm};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use thiserror::Error;
use tracing::warn;
use worker::answer::CallError;
use worker::channel::EventFile;

use super::error::ManagedError;
use super::invocation::Invocation;
use super::platform::{Platform, Post};
use crate::trigger::backoff::Backoff;
use crate::trigger::causes::causes;
use crate::trigger::reply::{Form, Reply};

/// How long init/ready is tried: the platform's end of it is on the same machine and there first.
const READY_PATIENCE: Duration = Duration::from_secs(10);

/// A post gets its status at once; one that gets none for so long is lost.
const POST_TIMEOUT: Duration = Duration::from_secs(10);

/// What a runtime API says to a result is a word or two.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// A client that keeps its one connection.
#[derive(Debug)]
pub(super) struct RuntimeApi<P> {
    platform: P,
    client: Client,
    event_limit: usize,
}

/// An event, or why it was not read to its end.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) invocation: Invocation,
    pub(super) event: Result<EventFile, Unread>,
}

/// Why an event was not read to its end.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is over the limit.
    TooLarge { limit: usize, from_http: Option<HttpForm> },
    /// The system has no memory for it.
    NoMemory(io::Error),
}

impl Unread {
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::TooLarge { limit, from_http } => {
                let message = format!("the event has more than {limit} bytes, which is the limit");
                Reply::failed(from_http.map_or(Form::Bare, Form::Http), ErrorCode::TooLarge, message)
            }
            // Its form was in what could not be kept.
            Self::NoMemory(error) => Reply::from_call(Err(CallError::no_memory(error)), Form::Bare),
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::NoMemory(error)
    }
}

/// Why there is no event yet.
#[derive(Debug, Error)]
pub(super) enum NextError {
    #[error("{}", causes(.0))]
    Connection(#[from] reqwest::Error),
    #[error("status {0}")]
    Status(StatusCode),
    #[error("the event did not arrive to its end in its time")]
    Stalled,
    #[error("status 200 without an event")]
    Empty,
}

impl<P: Platform> RuntimeApi<P> {
    pub(super) fn new(platform: P, event_limit: usize) -> Result<Self, ManagedError> {
        let client = Client::builder()
            // The platform is on this machine, whatever proxy the environment names.
            .no_proxy()
            .redirect(Policy::none())
            .tcp_nodelay(true)
            // Polls may take hours: the connection stays.
            .pool_idle_timeout(None)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|error| ManagedError::Client(causes(&error)))?;
        Ok(Self { platform, client, event_limit })
    }

    pub(super) fn platform(&self) -> &P {
        &self.platform
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{}/{path}", self.platform.address(), P::ROOT)
    }

    /// Tells that events may come, where the platform wants to be told.
    pub(super) async fn ready(&self) -> Result<(), ManagedError> {
        let Some(ready) = self.platform.ready() else { return Ok(()) };
        let start = Instant::now();
        let mut backoff = Backoff::default();
        loop {
            let reason = match self.post(ready.clone()).await {
                Ok(status) if status.is_success() => return Ok(()),
                Ok(status) => format!("status {status}"),
                Err(error) => causes(&error),
            };
            if start.elapsed() > READY_PATIENCE {
                let (address, call) = (self.platform.address().to_owned(), ready.path);
                return Err(ManagedError::NotReady { address, call, waited: READY_PATIENCE, reason });
            }
            warn!(%reason, "{} was not taken, trying again", ready.path);
            backoff.wait().await;
        }
    }

    /// Tells that no events can be taken, where the platform wants to be told.
    pub(super) async fn failed_start(&self, message: &str) {
        let Some(failed) = self.platform.failed_start(message) else { return };
        match self.post(failed).await {
            Ok(status) if status.is_success() => {}
            Ok(status) => warn!(%status, "the platform did not take that the start failed"),
            Err(error) => warn!(error = %causes(&error), "the platform can't be told that the start failed"),
        }
    }

    /// Waits until an event begins to arrive: a long poll, so without a time limit.
    pub(super) async fn wait_for_next(&self) -> Result<Response, NextError> {
        let response = self.client.get(self.url(self.platform.next_path())).send().await?;
        if response.status() == StatusCode::OK {
            Ok(response)
        } else {
            Err(NextError::Status(response.status()))
        }
    }

    /// Reads the event, but not more than its limit, and not longer than the platform waits for its answer.
    pub(super) async fn receive(&self, response: Response) -> Result<Arrival, NextError> {
        let invocation = self.platform.invocation(response.headers(), Instant::now());
        let given_up = invocation.given_up().into();
        let received = tokio::time::timeout_at(given_up, self.read(invocation, response)).await;
        received.unwrap_or(Err(NextError::Stalled))
    }

    async fn read(&self, invocation: Invocation, response: Response) -> Result<Arrival, NextError> {
        let event = self.read_event(response).await?;
        // Nobody waits for the answer to nothing.
        if event.as_ref().is_ok_and(EventFile::is_empty) && invocation.request_id.is_none() {
            return Err(NextError::Empty);
        }
        Ok(Arrival { invocation, event })
    }

    /// Writes the event down where a worker will read it, as it arrives.
    async fn read_event(&self, mut response: Response) -> Result<Result<EventFile, Unread>, NextError> {
        let mut event = match EventFile::new() {
            Ok(event) => event,
            Err(error) => return Ok(Err(error.into())),
        };
        while let Some(chunk) = response.chunk().await? {
            let room = self.event_limit - event.len();
            if let Err(error) = event.write_all(chunk.get(..room).unwrap_or(&chunk)) {
                return Ok(Err(error.into()));
            }
            if chunk.len() > room {
                return Ok(Err(self.too_large(&mut event)));
            }
        }
        Ok(Ok(event))
    }

    fn too_large(&self, event: &mut EventFile) -> Unread {
        match event.look(HttpForm::guess) {
            Ok(from_http) => Unread::TooLarge { limit: self.event_limit, from_http },
            Err(error) => error.into(),
        }
    }

    /// Posts the result of the event in hand.
    pub(super) async fn settle(
        &self,
        invocation: &Invocation,
        reply: &Reply,
    ) -> Result<StatusCode, reqwest::Error> {
        self.post(match reply {
            Reply::Answer(answer) => self.platform.answer(invocation, answer.clone()),
            Reply::Failure { code, message } => self.platform.failure(invocation, *code, message),
        })
        .await
    }

    async fn post(&self, Post { path, headers, body }: Post) -> Result<StatusCode, reqwest::Error> {
        let request = self.client.post(self.url(&path)).timeout(POST_TIMEOUT).body(body);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.send().await?;
        let status = response.status();
        read_to_end(response).await;
        Ok(status)
    }
}

/// A connection can only be used again once its last answer has been read; what it says does not matter. An answer that
/// goes on and on costs its connection.
async fn read_to_end(mut response: Response) {
    let mut bytes = 0;
    while bytes <= MAX_ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes += chunk.len(),
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(error = %causes(&error), "the end of an answer was lost");
                return;
            }
        }
    }
    tracing::debug!(bytes, "the rest of an answer was not read");
}

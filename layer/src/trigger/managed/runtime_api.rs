//! A client of the platform's calls.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use thiserror::Error;
use tracing::warn;

use super::error::ManagedError;
use super::invocation::Invocation;
use super::platform::{Platform, Post};
use crate::error::ErrorCode;
use crate::trigger::backoff::Backoff;
use crate::trigger::causes::causes;
use crate::trigger::reply::{Form, Reply};

/// How long init/ready is tried: the platform's end of it is on the same machine and there first.
const READY_PATIENCE: Duration = Duration::from_secs(10);

/// A post gets its status at once; one that gets none for so long is lost.
const POST_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that keeps its one connection.
#[derive(Debug)]
pub(super) struct RuntimeApi<P> {
    platform: P,
    client: Client,
    event_limit: usize,
}

/// An event, or that it was too large to be read.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) invocation: Invocation,
    pub(super) event: Result<Bytes, EventTooLarge>,
}

/// An event over the limit; it was not read to its end.
#[derive(Debug)]
pub(super) struct EventTooLarge {
    limit: usize,
    from_http: bool,
}

impl EventTooLarge {
    pub(super) fn reply(&self) -> Reply {
        let form = if self.from_http { Form::Http } else { Form::Bare };
        let message = format!("the event has more than {} bytes, which is the limit", self.limit);
        Reply::failed(form, ErrorCode::TooLarge, message)
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

    async fn read(&self, invocation: Invocation, mut response: Response) -> Result<Arrival, NextError> {
        let announced = response.content_length().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
        let mut event = Vec::with_capacity(announced.min(self.event_limit));
        while let Some(chunk) = response.chunk().await? {
            let room = self.event_limit - event.len();
            event.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if chunk.len() > room {
                let too_large =
                    EventTooLarge { limit: self.event_limit, from_http: contract::http::is_http(&event) };
                return Ok(Arrival { invocation, event: Err(too_large) });
            }
        }
        // Nobody waits for the answer to nothing.
        if event.is_empty() && invocation.request_id.is_none() {
            return Err(NextError::Empty);
        }
        Ok(Arrival { invocation, event: Ok(event.into()) })
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

/// A connection can only be used again once its last answer has been read; what it says does not matter.
async fn read_to_end(response: Response) {
    if let Err(error) = response.bytes().await {
        tracing::debug!(error = %causes(&error), "the end of an answer was lost");
    }
}

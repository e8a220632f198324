//! The platform's four calls.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use thiserror::Error;
use tracing::warn;

use super::ScfError;
use super::backoff::Backoff;
use super::event_kind::EventKind;
use super::invocation::Invocation;
use super::reply::Reply;
use crate::error::ErrorCode;

/// How long init/ready is tried: the platform's end of it is on the same machine and there first.
const READY_PATIENCE: Duration = Duration::from_secs(10);

/// A post gets its status at once; one that gets none for so long is lost.
const POST_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that keeps its one connection.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    client: Client,
    address: String,
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
        let kind = if self.from_http { EventKind::Http } else { EventKind::Bare };
        let message = format!("the event has more than {} bytes, which is the limit", self.limit);
        Reply::failed(&kind, ErrorCode::TooLarge, message)
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

impl RuntimeApi {
    pub(super) fn new(host: &str, port: u16, event_limit: usize) -> Result<Self, ScfError> {
        let client = Client::builder()
            // The platform is on this machine, whatever proxy the environment names.
            .no_proxy()
            .redirect(Policy::none())
            .tcp_nodelay(true)
            // Polls may take hours: the connection stays.
            .pool_idle_timeout(None)
            .pool_max_idle_per_host(1)
            .build()
            .map_err(|error| ScfError::Client { purpose: "the runtime API", reason: causes(&error) })?;
        let address = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let url = format!("http://{address}/");
        if host.is_empty() || host.contains(['/', '@', '?', '#']) || reqwest::Url::parse(&url).is_err() {
            return Err(ScfError::Configuration(format!(
                "SCF_RUNTIME_API is {host:?}, accepted is a host name or an IP address"
            )));
        }
        Ok(Self { client, address, event_limit })
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/runtime/{path}", self.address)
    }

    /// Tells that events may come.
    pub(super) async fn ready(&self) -> Result<(), ScfError> {
        let start = Instant::now();
        let mut backoff = Backoff::default();
        loop {
            // The platform's own sample sends one blank.
            let posted =
                self.client.post(self.url("init/ready")).body(" ").timeout(POST_TIMEOUT).send().await;
            let reason = match posted {
                Ok(response) if response.status().is_success() => {
                    read_to_end(response).await;
                    return Ok(());
                }
                Ok(response) => format!("status {}", response.status()),
                Err(error) => causes(&error),
            };
            if start.elapsed() > READY_PATIENCE {
                let address = self.address.clone();
                return Err(ScfError::NotReady { address, waited: READY_PATIENCE, reason });
            }
            warn!(%reason, "init/ready was not taken, trying again");
            backoff.wait().await;
        }
    }

    /// Waits until an event begins to arrive: a long poll, so without a time limit.
    pub(super) async fn wait_for_next(&self) -> Result<Response, NextError> {
        let response = self.client.get(self.url("invocation/next")).send().await?;
        if response.status() == StatusCode::OK {
            Ok(response)
        } else {
            Err(NextError::Status(response.status()))
        }
    }

    /// Reads the event, but not more than its limit, and not longer than the platform waits for its answer.
    pub(super) async fn receive(&self, response: Response) -> Result<Arrival, NextError> {
        let invocation = Invocation::from_headers(response.headers(), Instant::now());
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
    pub(super) async fn post(&self, reply: &Reply) -> Result<StatusCode, reqwest::Error> {
        let (path, content_type) = match reply {
            Reply::Answer(_) => ("invocation/response", "text/plain; charset=utf-8"),
            Reply::Failure { .. } => ("invocation/error", "application/json"),
        };
        let request =
            self.client.post(self.url(path)).header("content-type", content_type).body(reply.body());
        let response = request.timeout(POST_TIMEOUT).send().await?;
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

/// The error with its causes: the outermost only says that a request failed.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

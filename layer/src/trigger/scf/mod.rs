//! Tencent SCF, custom runtime: init/ready, then for each event next → the handler → response or error.
//!
//! Protocol: <https://cloud.tencent.com/document/product/583/47274>. The rules that this loop keeps:
//! - an event in hand is answered, whatever happens to connections; its answer is made once and posted until the
//!   platform has taken it;
//! - a failing event ends in an answer too, and the loop goes on;
//! - SIGTERM finishes the event in hand, if that is possible within the time for the end, and then leaves.

mod backoff;
mod cos;
mod delivery;
mod event_kind;
mod invocation;
mod reply;
mod runtime_api;

pub use cos::CosArgs;

use std::pin::pin;
use std::time::{Duration, Instant};

use clap::Args;
use thiserror::Error;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::limits::{Limits, parse_duration};
use crate::pool::Handler;
use crate::trigger::shutdown::{Shutdown, ShutdownArgs, Unfinished};
use backoff::Backoff;
use cos::CosTrigger;
use delivery::{Delivery, deliver};
use event_kind::EventKind;
use invocation::Invocation;
use reply::Reply;
use runtime_api::{Arrival, NextError, RuntimeApi};

/// Where the platform is, and what it is told.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tencent SCF")]
pub struct ScfArgs {
    /// Host of the runtime API (the platform sets the variable)
    #[arg(long, env = "SCF_RUNTIME_API", value_name = "HOST")]
    pub runtime_api: String,

    /// Port of the runtime API (the platform sets the variable)
    #[arg(long, env = "SCF_RUNTIME_API_PORT", value_name = "PORT")]
    pub runtime_api_port: u16,

    /// Time kept back from the platform's limit for an event, so that the answer still arrives
    #[arg(long, env = "VISION_TIME_MARGIN", value_name = "TIME", default_value = "500ms",
          value_parser = parse_duration)]
    pub time_margin: Duration,

    /// How long the end may take.
    #[command(flatten)]
    pub shutdown: ShutdownArgs,

    /// What becomes of pictures put into a bucket.
    #[command(flatten)]
    pub cos: CosArgs,
}

/// Why the loop could not start; once it runs, it only ends when it is told to.
#[derive(Debug, Error)]
pub enum ScfError {
    /// The HTTP client can't be made from the configuration.
    #[error("can't set up the HTTP client for {purpose}: {reason}")]
    Client {
        /// What it is for.
        purpose: &'static str,
        /// The library's reason.
        reason: String,
    },
    /// An option or variable is wrong.
    #[error("{0}")]
    Configuration(String),
    /// The end was cut short.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    /// The platform did not take init/ready.
    #[error("the runtime API at {address} did not take init/ready within {waited:?}: {reason}")]
    NotReady {
        /// Host and port.
        address: String,
        /// How long it was tried.
        waited: Duration,
        /// The last failure.
        reason: String,
    },
}

/// Answers events until the end is asked for.
///
/// `limits` are the handler's own, so that what it would refuse is refused before it is read.
///
/// # Errors
/// See [`ScfError`]: what is wrong before the first event, and an end that was cut short.
pub async fn run<H: Handler>(
    args: &ScfArgs,
    limits: Limits,
    handler: &H,
    shutdown: &Shutdown,
) -> Result<(), ScfError> {
    let api = RuntimeApi::new(&args.runtime_api, args.runtime_api_port, limits.event_bytes())?;
    let cos = CosTrigger::new(&args.cos, limits.event_bytes())?;
    let mut trigger = ScfTrigger { api, cos, handler, margin: args.time_margin, unsettled: None };
    match shutdown.unless_asked(trigger.api.ready()).await {
        Some(ready) => ready?,
        None => return Ok(()),
    }
    let answered = async {
        while let Some(arrival) = trigger.next(shutdown).await {
            trigger.answer(arrival).await;
        }
    };
    shutdown.bound(answered).await?;
    info!("SIGTERM: no event in hand, leaving");
    Ok(())
}

struct ScfTrigger<'a, H> {
    api: RuntimeApi,
    cos: CosTrigger,
    handler: &'a H,
    margin: Duration,
    /// The last answer, if the platform never said that it has it: it will send the same event again.
    unsettled: Option<(String, Reply)>,
}

/// How long SIGTERM waits for an event that the platform may have sent just before it.
const ON_ITS_WAY: Duration = Duration::from_millis(100);

/// How long SIGTERM waits for the rest of an event that has begun to arrive; the platform's end of it is on this machine.
const REST: Duration = Duration::from_secs(1);

impl<H: Handler> ScfTrigger<'_, H> {
    /// The next event, however long it takes; nothing once SIGTERM came.
    async fn next(&self, shutdown: &Shutdown) -> Option<Arrival> {
        let mut backoff = Backoff::default();
        while !shutdown.is_asked() {
            // Only the wait is given up for SIGTERM: an event that has begun to arrive is ours to answer.
            let mut waiting = pin!(self.api.wait_for_next());
            let response = tokio::select! {
                biased;
                response = &mut waiting => response,
                () = shutdown.asked() => timeout(ON_ITS_WAY, waiting).await.ok()?,
            };
            let arrival = match response {
                Ok(response) => {
                    let mut receiving = pin!(self.api.receive(response));
                    tokio::select! {
                        biased;
                        arrival = &mut receiving => arrival,
                        () = shutdown.asked() => timeout(REST, receiving).await.unwrap_or(Err(NextError::Stalled)),
                    }
                }
                Err(error) => Err(error),
            };
            match arrival {
                Ok(arrival) => return Some(arrival),
                Err(error) => {
                    warn!(%error, "no event from the runtime API, asking again");
                    shutdown.unless_asked(backoff.wait()).await;
                }
            }
        }
        None
    }

    async fn answer(&mut self, Arrival { invocation, event }: Arrival) {
        let reply = match self.take_unsettled(&invocation) {
            Some(reply) => reply,
            None => match event {
                Ok(event) => self.reply_to(event, &invocation).await,
                Err(too_large) => too_large.reply(),
            },
        };
        log(&invocation, &reply);
        let delivery = deliver(&self.api, &invocation, &reply).await;
        if let (Delivery::Unknown, Some(id)) = (delivery, invocation.request_id) {
            self.unsettled = Some((id, reply));
        }
    }

    fn take_unsettled(&mut self, invocation: &Invocation) -> Option<Reply> {
        let (id, reply) = self.unsettled.take()?;
        (invocation.request_id.as_ref() == Some(&id)).then_some(reply)
    }

    async fn reply_to(&self, event: bytes::Bytes, invocation: &Invocation) -> Reply {
        let deadline = invocation.deadline(self.margin);
        let kind = EventKind::of(&event);
        let reply = match &kind {
            EventKind::ObjectStorage(notification) => {
                self.cos.handle(notification, self.handler, deadline).await
            }
            EventKind::Bare | EventKind::Http => {
                let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
                Reply::from_call(self.handler.call(event, left).await, &kind)
            }
        };
        reply.within(PLATFORM_ANSWER_BYTES, &kind)
    }
}

/// What the platform takes as the answer to a synchronous call
/// (6 MB, <https://cloud.tencent.com/document/product/583/11637>).
const PLATFORM_ANSWER_BYTES: usize = 6 << 20;

/// One line an event: what happened, never what was in it.
fn log(invocation: &Invocation, reply: &Reply) {
    let request_id = invocation.request_id.as_deref().unwrap_or("none");
    let milliseconds = invocation.received.elapsed().as_secs_f64() * 1000.0;
    match reply {
        Reply::Answer(answer) => info!(request_id, milliseconds, bytes = answer.len(), "answered"),
        Reply::Failure { code, .. } => warn!(request_id, milliseconds, code = code.name(), "not answered"),
    }
}

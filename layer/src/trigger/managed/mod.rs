//! A cloud's runtime API, whichever cloud it is: for each event next → the handler → answer or error.
//!
//! What differs between clouds is a [`Platform`]. The rules that the loop keeps for all of them:
//! - an event in hand is answered, whatever happens to connections; its answer is made once and posted until the
//!   platform has taken it;
//! - a failing event ends in an answer too, and the loop goes on;
//! - SIGTERM finishes the event in hand, if that is possible within the time for the end, and then leaves.

mod answered;
mod batch;
mod delivery;
mod error;
mod event_source;
mod invocation;
mod platform;
mod runtime_api;
mod status;

pub use batch::{Batch, Content, Message};
pub use error::ManagedError;
pub use event_source::EventSource;
pub use invocation::Invocation;
pub use platform::{Platform, Post};
pub(in crate::trigger) use status::asks_for_status;

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::timeout;
use tracing::{info, warn};
use worker::channel::EventFile;

use super::TriggerError;
use super::backoff::Backoff;
use super::objects::{Labeller, Service, upload_event};
use super::reply::Reply;
use super::shutdown::Shutdown;
use crate::pool::Handler;
use answered::Answered;
use delivery::deliver;
use runtime_api::{Arrival, NextError, RuntimeApi, Unread};
use status::status;

/// A platform's events, ready to be asked for; what is put into the storage of the same cloud is labelled.
#[derive(Debug)]
pub struct ManagedLoop<P, S> {
    api: RuntimeApi<P>,
    labeller: Labeller<S>,
    margin: Duration,
}

impl<P: Platform, S: Service> ManagedLoop<P, S> {
    /// Events of more than `event_limit` bytes are not read to their end. Of the time that an event has, `margin` is kept
    /// back, so that the answer still arrives.
    ///
    /// # Errors
    /// [`ManagedError::Client`].
    pub fn new(
        platform: P,
        labeller: Labeller<S>,
        event_limit: usize,
        margin: Duration,
    ) -> Result<Self, ManagedError> {
        Ok(Self { api: RuntimeApi::new(platform, event_limit)?, labeller, margin })
    }

    /// Answers events with `handler` until the end is asked for.
    ///
    /// # Errors
    /// [`ManagedError::NotReady`] before the first event, and an end that was cut short.
    pub async fn serve(self, handler: &impl Handler, shutdown: &Shutdown) -> Result<(), TriggerError> {
        match shutdown.unless_asked(self.api.ready()).await {
            Some(ready) => ready.map_err(TriggerError::failed)?,
            None => return Ok(()),
        }
        let answered = Mutex::new(Answered::new::<P>(self.api.platform().at_once()));
        let answering = Answering { platform: self, handler, answered };
        let polls = (0..answering.platform.api.platform().at_once()).map(async |_| {
            while let Some(arrival) = next(&answering.platform.api, shutdown).await {
                answering.answer(arrival).await;
            }
        });
        shutdown.bound(join_all(polls)).await?;
        answering.platform.labeller.finish(shutdown.deadline()).await;
        info!("SIGTERM: no event in hand, leaving");
        Ok(())
    }
}

/// Tells the platform that no events can be taken, for the reason in `message`.
pub async fn failed_start(platform: impl Platform, message: &str) {
    match RuntimeApi::new(platform, 0) {
        Ok(api) => api.failed_start(message).await,
        Err(error) => warn!(%error, "the platform can't be told that the start failed"),
    }
}

/// How long SIGTERM waits for an event that the platform may have sent just before it.
const ON_ITS_WAY: Duration = Duration::from_millis(100);

/// How long SIGTERM waits for the rest of an event that has begun to arrive; the platform's end of it is on this machine.
const REST: Duration = Duration::from_secs(1);

/// The next event, however long it takes; nothing once SIGTERM came.
async fn next<P: Platform>(api: &RuntimeApi<P>, shutdown: &Shutdown) -> Option<Arrival> {
    let mut backoff = Backoff::default();
    while !shutdown.is_asked() {
        // Only the wait is given up for SIGTERM: an event that has begun to arrive is ours to answer.
        let mut waiting = pin!(api.wait_for_next());
        let response = tokio::select! {
            biased;
            response = &mut waiting => response,
            () = shutdown.asked() => timeout(ON_ITS_WAY, waiting).await.ok()?,
        };
        let arrival = match response {
            Ok(response) => {
                let mut receiving = pin!(api.receive(response));
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

struct Answering<'a, P, S, H> {
    platform: ManagedLoop<P, S>,
    handler: &'a H,
    answered: Mutex<Answered>,
}

impl<P: Platform, S: Service, H: Handler> Answering<'_, P, S, H> {
    async fn answer(&self, Arrival { invocation, event }: Arrival) {
        let known = invocation.request_id.as_deref().and_then(|id| self.answered(|kept| kept.recall(id)));
        let reply = match known {
            Some(reply) => reply,
            None => match event {
                Ok(event) => self.reply_to(event, &invocation).await,
                Err(unread) => unread.reply(),
            },
        };
        log(&invocation, &reply);
        let delivery = deliver(&self.platform.api, &invocation, &reply).await;
        if let Some(id) = invocation.request_id {
            self.answered(|kept| kept.keep(id, reply, delivery));
        }
    }

    fn answered<T>(&self, ask: impl FnOnce(&mut Answered) -> T) -> T {
        ask(&mut self.answered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn reply_to(&self, mut event: EventFile, invocation: &Invocation) -> Reply {
        let ManagedLoop { api, labeller, margin } = &self.platform;
        if let Ok(Some(form)) = event.look(asks_for_status) {
            return Reply::Answer(status(form, labeller.has_uploads()).into());
        }
        if let Ok(Some(request)) = event.look(upload_event) {
            return labeller.answer_upload(&request).await;
        }
        let source = match event.look(|bytes| api.platform().source(bytes, labeller.service())) {
            Ok(source) => source,
            Err(error) => return Unread::NoMemory(error).reply(),
        };
        let reply = match &source {
            EventSource::ObjectStorage(notification) => {
                labeller.answer(notification, self.handler, invocation.some_deadline(*margin)).await
            }
            EventSource::Queue(batch) => {
                batch.answer(labeller, self.handler, invocation.some_deadline(*margin)).await
            }
            EventSource::Trial => Reply::Answer(r#"{"records":[]}"#.into()),
            EventSource::Caller(form) => {
                let deadline = invocation.deadline(*margin);
                let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
                Reply::from_call(self.handler.call(event, left).await, *form)
            }
        };
        reply.within(P::ANSWER_BYTES, source.form())
    }
}

/// One line an event: what happened, never what was in it.
fn log(invocation: &Invocation, reply: &Reply) {
    let request_id = invocation.request_id.as_deref().unwrap_or("none");
    let milliseconds = invocation.received.elapsed().as_secs_f64() * 1000.0;
    match reply {
        Reply::Answer(answer) => info!(request_id, milliseconds, bytes = answer.len(), "answered"),
        Reply::Failure { code, .. } => warn!(request_id, milliseconds, code = code.name(), "not answered"),
    }
}

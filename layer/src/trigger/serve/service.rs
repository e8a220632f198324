//! What all requests share.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Uri};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use worker::answer::{Answer, CallError};
use worker::channel::EventFile;
use worker::limits::Limits;

use super::admission::Admission;
use super::answer::ModuleAnswer;
use super::body::BodyReader;
use super::callers::Callers;
use super::metrics::Metrics;
use super::page_policy;
use super::settings::ServeSettings;
use super::workers::Workers;
use crate::history::History;
use crate::pool::Handler;
use crate::trigger::http_event;
use crate::trigger::objects::Uploads;
use crate::trigger::objects::s3::S3;

/// The handler without its type, so that nothing else here needs to name it.
type Call = dyn Fn(EventFile, Duration) -> BoxFuture<'static, Result<Answer, CallError>> + Send + Sync;

/// What all requests share.
pub(super) struct Service {
    call: Arc<Call>,
    pub(super) admission: Admission,
    pub(super) bodies: BodyReader,
    pub(super) callers: Arc<Callers>,
    pub(super) metrics: Metrics,
    pub(super) history: Option<History>,
    pub(super) uploads: Option<Uploads<S3>>,
    /// What the page may do, and where it may go.
    pub(super) page_policy: HeaderValue,
    pub(super) time_limit: Duration,
    pub(super) cors_origins: Vec<String>,
    /// The model's name, where the module tells it.
    pub(super) model: Option<String>,
    pub(super) workers: Workers,
    is_ending: AtomicBool,
}

impl Service {
    /// Puts the service together and has every worker answer once, so that the first client need not wait for the
    /// model to be compiled.
    pub(super) async fn start(
        settings: &ServeSettings,
        workers: Workers,
        limits: Limits,
        (history, uploads): (Option<History>, Option<Uploads<S3>>),
        handler: impl Handler,
    ) -> Self {
        let handler = Arc::new(handler);
        let call: Arc<Call> = Arc::new(move |event, limit| {
            let handler = Arc::clone(&handler);
            async move { handler.call(event, Some(limit)).await }.boxed()
        });
        let model = warm_up(&call, workers.count, limits.time).await;
        Self {
            call,
            admission: Admission::new(workers.count.get(), settings.queue.into()),
            bodies: BodyReader::new(settings.body_bytes(), settings.body_time, settings.memory_mib()),
            callers: Arc::new(Callers::new(&settings.hosts, &settings.cors_origins)),
            metrics: Metrics::new(&workers, history.as_ref().map(History::counters)),
            history,
            page_policy: page_policy::policy(
                uploads.as_ref().and_then(|uploads| uploads.origin().ok()).as_deref(),
            ),
            uploads,
            time_limit: limits.time,
            cors_origins: settings.cors_origins.clone(),
            model,
            workers,
            is_ending: AtomicBool::new(false),
        }
    }

    /// Answers one event; the future may be dropped, the event then still runs to its end.
    pub(super) fn call(
        &self,
        event: EventFile,
        limit: Duration,
    ) -> BoxFuture<'static, Result<Answer, CallError>> {
        (self.call)(event, limit)
    }

    pub(super) fn begin_to_end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Waits until `deadline` for what runs although its client is gone, and for what is to be kept.
    pub(super) async fn finish(&self, deadline: Instant) {
        self.admission.idle(deadline).await;
        if let Some(history) = &self.history {
            history.finish(deadline).await;
        }
    }
}

/// A white picture of one pixel.
const PIXEL: &[u8] =
    b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\
    \x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\xda\x63\xf8\x0f\x00\x01\
    \x01\x01\x00\x1c\xb0\x8c\x99\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// Every worker answers an event; the model's name, if the answers tell it.
async fn warm_up(call: &Arc<Call>, workers: NonZeroUsize, limit: Duration) -> Option<String> {
    let calls = (0..workers.get()).map(|_| async {
        let event = http_event::event(&Uri::from_static("/"), &HeaderMap::new(), PIXEL);
        call(event.map_err(|error| CallError::no_memory(&error))?, limit).await
    });
    let mut model = None;
    for result in futures_util::future::join_all(calls).await {
        // A module of another contract need not know what to say; its real events are still answered.
        match ModuleAnswer::from_call(result) {
            Ok(answer) => model = answer.recognition().map(|recognition| recognition.model),
            Err(problem) => tracing::warn!(problem.message, "the module did not answer a first picture"),
        }
    }
    model
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::image::{Decoder, PixelFormat};
    use worker::limits::MIB;

    #[test]
    fn the_first_picture_is_a_picture() {
        let mut pixel = [0; 3];
        Decoder::new(MIB).decode_into(PIXEL, 1, 1, PixelFormat::Rgb8, &mut pixel).unwrap();
        assert_eq!(pixel, [255; 3]);
    }
}

//! A function of the service: its workers, who waits for them, and what is known of it.

use std::time::Duration;

use axum::http::{HeaderMap, Uri};
use contract::about::{Answers, Title};
use futures_util::future::join_all;
use worker::answer::{Answer, CallError};
use worker::channel::EventFile;
use worker::limits::MIB;

use super::admission::Admission;
use super::answer::ModuleAnswer;
use super::body::BodyReader;
use super::settings::ServeSettings;
use super::unsent::Unsent;
use crate::pool::{Counters, FunctionPool, Pool};
use crate::trigger::http_event;

/// A function of the service.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    /// How many events it answers at the same time.
    pub(super) workers: usize,
    pub(super) admission: Admission,
    /// Its share of memory is its own: where one function is slow, those of others still have their places.
    pub(super) bodies: BodyReader,
    /// What clients have not taken yet of its answers.
    pub(super) unsent: Unsent,
    pub(super) time_limit: Duration,
    /// Bytes of an answer.
    pub(super) answer_limit: usize,
    pub(super) answers: Answers,
    pub(super) title: Option<Title>,
    /// The model's name, where the function tells it.
    pub(super) model: Option<String>,
    pool: Pool,
}

impl Function {
    /// Has every worker answer once, so that the first client need not wait for the model to be compiled. The workers are ready.
    pub(super) async fn start(
        FunctionPool { name, workers, pool }: &FunctionPool,
        settings: &ServeSettings,
    ) -> Self {
        let (workers, time_limit) = (workers.get(), pool.limits().time);
        let model = warm_up(pool, workers, name).await;
        let about = pool.about().clone();
        let answer_limit =
            usize::try_from(pool.limits().answer_mib).unwrap_or(usize::MAX).saturating_mul(MIB);
        // A function that says nothing of itself and answers labels is a recognizer all the same.
        let is_recognizer = about.answers == Answers::Other && model.is_some();
        Self {
            name: name.clone(),
            workers,
            admission: Admission::new(workers, settings.queue_of(name)),
            bodies: settings.bodies(),
            // An answer as an event has a third more.
            unsent: Unsent::new(settings.bodies_mib.max(pool.limits().answer_mib.saturating_mul(2))),
            time_limit,
            answer_limit,
            answers: if is_recognizer { Answers::Labels } else { about.answers },
            title: about.title,
            model,
            pool: pool.clone(),
        }
    }

    /// Answers one event; the future may be dropped, the event then still runs to its end.
    pub(super) fn call(
        &self,
        event: EventFile,
        limit: Duration,
    ) -> impl Future<Output = Result<Answer, CallError>> + Send + use<> {
        let pool = self.pool.clone();
        async move { pool.call(event, Some(limit)).await }
    }

    /// Where it is called.
    pub(super) fn path(&self) -> String {
        format!("/v1/{}", self.name)
    }

    /// Workers that are ready or busy now.
    pub(super) fn alive(&self) -> usize {
        self.pool.alive()
    }

    /// What happened to its workers.
    pub(super) fn counters(&self) -> &Counters {
        self.pool.counters()
    }
}

/// A white picture of one pixel.
const PIXEL: &[u8] =
    b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\
    \x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\xda\x63\xf8\x0f\x00\x01\
    \x01\x01\x00\x1c\xb0\x8c\x99\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// Every worker answers an event; the model's name, if the answers tell it.
async fn warm_up(pool: &Pool, workers: usize, name: &str) -> Option<String> {
    let limit = pool.limits().time;
    let calls = (0..workers).map(|_| async {
        let event = http_event::event(&Uri::from_static("/"), &HeaderMap::new(), PIXEL);
        pool.call(event.map_err(|error| CallError::no_memory(&error))?, Some(limit)).await
    });
    let mut model = None;
    for result in join_all(calls).await {
        // A module of another contract need not know what to say; its real events are still answered.
        match ModuleAnswer::from_call(result) {
            Ok(answer) => model = answer.recognition().map(|recognition| recognition.model),
            Err(problem) => {
                tracing::warn!(function = name, problem.message, "the module did not answer a first picture");
            }
        }
    }
    model
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::image::{Decoder, PixelFormat};

    #[test]
    fn the_first_picture_is_a_picture() {
        let mut pixel = [0; 3];
        Decoder::new(MIB).decode_into(PIXEL, 1, 1, PixelFormat::Rgb8, &mut pixel).unwrap();
        assert_eq!(pixel, [255; 3]);
    }
}

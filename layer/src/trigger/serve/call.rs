//! A request's way through a function: its body becomes an event, which waits for a worker; the answer, and where the time went.

use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::about::Answers;
use tokio::time::Instant;
use worker::answer::Answer;

use super::answer::{ModuleAnswer, internal};
use super::body::HeldEvent;
use super::cloud_events::Events;
use super::function::Function;
use super::metrics::Metrics;
use super::problem::Problem;
use super::service::Service;
use crate::trigger::cloud_events::Mode;
use crate::trigger::http_event;

/// Has a function answer a request.
///
/// # Errors
/// What keeps it from being answered.
pub(super) async fn call(
    service: &Service,
    function: &Function,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let mut stages = Stages::start();
    let received = function.bodies.read(&head.headers, body).await?;
    stages.end("read");
    if let Some(mode) = Mode::of(&head.headers)? {
        let response = Events { service, function, head: &head, mode }.answer(received).await?;
        return function.unsent.hold(response).await;
    }
    let event =
        function.bodies.event_of(received, |body| http_event::event(&head.uri, &head.headers, body))?;
    let mut answer = answer(function, event, &mut stages).await?;
    let is_kept = answer.status() == StatusCode::OK && function.answers != Answers::Picture;
    if let Some(history) = service.history.as_ref().filter(|_| is_kept) {
        history.keep(|| answer.take_entry(function.model.as_deref()));
    }
    let mut response = function.unsent.hold(answer.into_response()).await?;
    response.headers_mut().insert(SERVER_TIMING, stages.header());
    stages.observe(&service.metrics, function);
    Ok(response)
}

pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Waits for a worker and has it answer, all within the time limit.
pub(super) async fn answer(
    function: &Function,
    event: HeldEvent,
    stages: &mut Stages,
) -> Result<ModuleAnswer, Problem> {
    let deadline = Instant::now() + function.time_limit;
    let turn = function.admission.enter(deadline).await?;
    stages.end("queue");
    let HeldEvent { event, memory } = event;
    let call = function.call(event, deadline.saturating_duration_since(Instant::now()));
    // On a task of its own: a client that goes away must not make its worker look free while it still runs, nor the
    // memory of its event.
    let task = tokio::spawn(async move {
        let result = call.await;
        drop((turn, memory));
        result
    });
    let result = task.await.map_err(|error| {
        tracing::error!(%error, "the call of the module ended without a result");
        internal()
    })?;
    if let Ok(answer) = &result {
        stages.add_module(answer);
    }
    ModuleAnswer::from_call(result)
}

/// Where the time of one request went.
pub(super) struct Stages {
    last: Instant,
    times: Vec<(&'static str, Duration)>,
}

impl Stages {
    pub(super) fn start() -> Self {
        Self { last: Instant::now(), times: Vec::with_capacity(8) }
    }

    /// Ends the stage that began with the end of the one before.
    pub(super) fn end(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.times.push((stage, now - self.last));
        self.last = now;
    }

    fn add_module(&mut self, answer: &Answer) {
        let timings = answer.timings;
        self.times.extend([
            ("guest", timings.guest()),
            ("image", timings.image),
            ("session", timings.session),
            ("inference", timings.inference),
        ]);
        self.end("module");
    }

    /// In the form of the Server Timing specification: milliseconds by stage.
    pub(super) fn header(&self) -> HeaderValue {
        let mut text = String::new();
        for (stage, time) in &self.times {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String can't fail.
            let _ = write!(text, "{comma}{stage};dur={:.2}", time.as_secs_f64() * 1000.0);
        }
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    pub(super) fn observe(&self, metrics: &Metrics, function: &Function) {
        for (stage, time) in &self.times {
            metrics.observe(&function.name, stage, *time);
        }
    }
}

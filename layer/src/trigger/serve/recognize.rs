//! `POST /v1/recognize`: a picture in, its labels out.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use contract::{ErrorBody, ErrorCode};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use worker::answer::Answer;

use super::answer::ModuleAnswer;
use super::body::HeldEvent;
use super::problem::Problem;
use super::service::Service;
use crate::trigger::http_event;
use crate::trigger::recognition::Recognition;

/// What is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RecognizeQuery {
    /// How many labels; 3 without it.
    #[param(value_type = Option<u32>, minimum = 1, example = 3)]
    #[expect(dead_code, reason = "only describes what is accepted, once")]
    top: Option<String>,
    /// The language of the labels; without it `Accept-Language` decides.
    #[param(example = "en")]
    #[expect(dead_code, reason = "only describes what is accepted, once")]
    lang: Option<String>,
}

/// A form with a picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is accepted")]
pub(super) struct ImageForm {
    /// The picture.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// JSON with a picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is accepted")]
pub(super) struct ImageJson {
    /// Base64 of the picture, or a data URL.
    image: String,
}

/// Names what is on a picture.
#[utoipa::path(
    post, path = "/v1/recognize", operation_id = "recognize", params(RecognizeQuery),
    request_body(
        description = "The picture: JPEG or PNG as it is, a form with a file, base64, a data URL, or JSON with either.",
        content(
            (String = "image/jpeg"), (String = "image/png"), (String = "application/octet-stream"),
            (ImageForm = "multipart/form-data"), (String = "text/plain"),
            (ImageJson = "application/json"),
        ),
    ),
    responses(
        (status = 200, description = "The likeliest labels", content(
            (Recognition = "application/json"), (String = "text/plain"))),
        (status = 400, description = "The body or a parameter makes no sense", body = ErrorBody),
        (status = 403, description = "Another host or origin than the service's own", body = ErrorBody),
        (status = 408, description = "The body did not come in time", body = ErrorBody),
        (status = 413, description = "The body or the picture is too large", body = ErrorBody),
        (status = 415, description = "Neither JPEG nor PNG", body = ErrorBody),
        (status = 422, description = "The picture is damaged", body = ErrorBody),
        (status = 500, description = "A fault of the service", body = ErrorBody),
        (status = 503, description = "Too many requests wait; come again after `retry-after` seconds", body = ErrorBody),
        (status = 504, description = "The recognition took too long", body = ErrorBody),
    )
)]
pub(super) async fn recognize(
    State(service): State<Arc<Service>>,
    query: Result<Query<RecognizeQuery>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    // Only looked at; the module reads the query itself.
    query.map_err(|error| Problem::new(ErrorCode::BadRequest, error.body_text()))?;
    let (head, body) = request.into_parts();
    let mut stages = Stages::start();
    let received = service.bodies.read(&head.headers, body).await?;
    stages.end("read");
    let event =
        service.bodies.event_of(received, |body| http_event::event(&head.uri, &head.headers, body))?;
    let mut answer = answer(&service, event, &mut stages).await?;
    if let Some(history) = service.history.as_ref().filter(|_| answer.status() == StatusCode::OK) {
        history.keep(|| answer.take_entry(service.model.as_deref()));
    }
    let mut response = answer.into_response();
    response.headers_mut().insert(SERVER_TIMING, stages.header());
    stages.observe(&service);
    Ok(response)
}

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Waits for a worker and has it answer, all within the time limit.
async fn answer(service: &Service, event: HeldEvent, stages: &mut Stages) -> Result<ModuleAnswer, Problem> {
    let deadline = Instant::now() + service.time_limit;
    let turn = service.admission.enter(deadline).await?;
    stages.end("queue");
    let HeldEvent { event, memory } = event;
    let call = service.call(event, deadline.saturating_duration_since(Instant::now()));
    // On a task of its own: a client that goes away must not make its worker look free while it still runs, nor the
    // memory of its event.
    let task = tokio::spawn(async move {
        let result = call.await;
        drop((turn, memory));
        result
    });
    let result = task.await.map_err(|error| {
        tracing::error!(%error, "the call of the module ended without a result");
        Problem::new(
            ErrorCode::Internal,
            "the picture could not be recognised because of a fault on our side",
        )
    })?;
    if let Ok(answer) = &result {
        stages.add_module(answer);
    }
    ModuleAnswer::from_call(result)
}

/// Where the time of one request went.
struct Stages {
    last: Instant,
    times: Vec<(&'static str, Duration)>,
}

impl Stages {
    fn start() -> Self {
        Self { last: Instant::now(), times: Vec::with_capacity(8) }
    }

    /// Ends the stage that began with the end of the one before.
    fn end(&mut self, stage: &'static str) {
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
    fn header(&self) -> HeaderValue {
        let mut text = String::new();
        for (stage, time) in &self.times {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String can't fail.
            let _ = write!(text, "{comma}{stage};dur={:.2}", time.as_secs_f64() * 1000.0);
        }
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    fn observe(&self, service: &Service) {
        for (stage, time) in &self.times {
            service.metrics.observe(stage, *time);
        }
    }
}

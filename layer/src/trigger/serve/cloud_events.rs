//! CloudEvents among the requests for a function: each becomes the event of a picture, and its answer a CloudEvent in the mode
//! that came.
//!
//! Knative's broker sends an event again after 404, 408, 409, 429 and 5xx, gives one up after other failures (and hands the
//! body of the answer to a dead letter sink), and takes 204 for an event without an answer. So a failure is the same answer
//! as for any other request; only within a batch it has to be an event.

use std::time::{Instant as Clock, SystemTime};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use contract::about::Answers;
use contract::{ErrorBody, ErrorCode};
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::answer::ModuleAnswer;
use super::batch_answers::BatchAnswers;
use super::body::Received;
use super::call::{SERVER_TIMING, Stages, answer as answer_of_function};
use super::function::Function;
use super::problem::Problem;
use super::service::Service;
use crate::trigger::cloud_events::{
    Attributes, CloudEvent, MAX_VALUE_BYTES, Mode, NoEvent, Written, from_batch, from_structured, to_batch,
    to_headers, to_structured,
};
use crate::trigger::http_event;
use crate::trigger::objects::{Reference, ReferredError};

/// Events that a batch may have. All of them together have the time of one request, and their answers the bytes of one.
pub(super) const MAX_BATCH: usize = 100;

/// How the types of our own events begin. Where they come back to us, as from a broker whose trigger has no filter, there is
/// nothing to do; else each answer would be a question again.
const OWN: &str = "wasm-vision.";
const LABELS: &str = "wasm-vision.labels";
const OTHER: &str = "wasm-vision.answer";
const NOTHING: &str = "wasm-vision.ignored";
const ERROR: &str = "wasm-vision.error";

/// What goes on from an event to its answer: to what both belong, and how they are traced.
const CARRIED: [&str; 3] = ["correlationid", "traceparent", "tracestate"];

impl From<NoEvent> for Problem {
    fn from(error: NoEvent) -> Self {
        Self::new(ErrorCode::BadRequest, error.to_string())
    }
}

/// A request with events for a function.
pub(super) struct Events<'a> {
    pub(super) service: &'a Service,
    pub(super) function: &'a Function,
    pub(super) head: &'a Parts,
    pub(super) mode: Mode,
}

/// What becomes of one event.
enum Outcome {
    /// The function answered.
    Answer { answer: ModuleAnswer, subject: Option<String> },
    /// There is nothing to say to it; with the reason.
    Nothing(String),
}

impl Events<'_> {
    /// Answers the request, whose body is `received`.
    ///
    /// # Errors
    /// It is no event, or no batch; or there is no answer to the one event.
    pub(super) async fn answer(self, received: Received) -> Result<Response, Problem> {
        match self.mode {
            Mode::Batched => self.answer_batch(received).await,
            Mode::Binary | Mode::Structured => self.answer_event(received).await,
        }
    }

    async fn answer_event(&self, mut received: Received) -> Result<Response, Problem> {
        let body = std::mem::take(&mut received.bytes);
        let CloudEvent { attributes, data } = match self.mode {
            Mode::Binary => CloudEvent::from_binary(&self.head.headers, body)?,
            _ => from_structured(&body)?,
        };
        received.bytes = data;
        let mut stages = Stages::start();
        let mut response = match self.outcome(&attributes, received, &mut stages).await? {
            Outcome::Answer { answer, subject } => self.response(&attributes, answer, subject),
            Outcome::Nothing(reason) => {
                tracing::info!(reason, "an event is left out");
                StatusCode::NO_CONTENT.into_response()
            }
        };
        response.headers_mut().insert(SERVER_TIMING, stages.header());
        stages.observe(&self.service.metrics, self.function);
        Ok(response)
    }

    /// Answers each event of a batch, in the order of the batch, as many at once as there are workers.
    async fn answer_batch(&self, received: Received) -> Result<Response, Problem> {
        let events = from_batch(&received.bytes, MAX_BATCH)?;
        let deadline = Instant::now() + self.function.time_limit;
        let together = &BatchAnswers::new(self.function);
        let answers = events.into_iter().map(|event| async move {
            let CloudEvent { attributes, data } = match event {
                Ok(event) => event,
                Err(error) => return failure(&self.reply(&Attributes::default(), ERROR), &error.into()),
            };
            let failed = |problem: Problem| failure(&self.reply(&attributes, ERROR), &problem);
            if let Err(problem) = together.are_within_limit() {
                return failed(problem);
            }
            let mut stages = Stages::start();
            let outcome = self.outcome(&attributes, Received::of(data), &mut stages);
            let late = |_| Err(Problem::new(ErrorCode::Timeout, "the batch took too long"));
            let outcome = timeout_at(deadline, outcome).await.unwrap_or_else(late);
            stages.observe(&self.service.metrics, self.function);
            let (reply, data) = self.written(&attributes, outcome);
            together.hold(data.len()).map_or_else(failed, |()| (reply, data))
        });
        let answers: Vec<(Attributes, Vec<u8>)> =
            stream::iter(answers).buffered(self.function.workers).collect().await;
        let json = to_batch(answers.iter().map(|(attributes, data)| Written { attributes, data }));
        let mut response = Response::new(Body::from(json));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.set_content_type(&mut response);
        Ok(response)
    }

    /// Has the function answer to the data of an event, or to the object that it refers to.
    async fn outcome(
        &self,
        attributes: &Attributes,
        mut data: Received,
        stages: &mut Stages,
    ) -> Result<Outcome, Problem> {
        let Self { service, function, head, .. } = self;
        if attributes.get("type").is_some_and(|kind| kind.starts_with(OWN)) {
            return Ok(Outcome::Nothing("it is one of our own".to_owned()));
        }
        let mut subject = attributes.get("subject").map(str::to_owned);
        let mut headers = self.headers(attributes);
        let mut source = None;
        if let Some(objects) = &service.referred {
            let refused = |(code, message)| Problem::new(code, message);
            match objects.find(&data.bytes).map_err(refused)? {
                None => {}
                Some(Reference::Nothing(reason)) => return Ok(Outcome::Nothing(reason)),
                Some(Reference::Object(created)) => {
                    drop(data);
                    data = function.bodies.room()?;
                    let deadline = Clock::now() + function.time_limit;
                    match objects.read(&created, function.bodies.limit(), deadline).await {
                        Ok(object) => {
                            data.bytes = object.bytes;
                            subject = Some(object.key);
                            source = Some(object.source);
                        }
                        Err(error @ ReferredError::Superseded) => {
                            return Ok(Outcome::Nothing(error.to_string()));
                        }
                        Err(ReferredError::Refused(refusal)) => return Err(refused(refusal)),
                    }
                    headers.remove(header::CONTENT_TYPE);
                    headers.remove(header::CONTENT_ENCODING);
                    stages.end("fetch");
                }
            }
        }
        let uri: &Uri = &head.uri;
        let event = function.bodies.event_of(data, |body| http_event::event(uri, &headers, body))?;
        let mut answer = answer_of_function(function, event, stages).await?;
        if answer.status() == StatusCode::OK && function.answers != Answers::Picture {
            self.keep(&mut answer, source).await?;
        }
        Ok(Outcome::Answer { answer, subject })
    }

    /// Keeps what was recognised; of an object that is told of twice, once.
    async fn keep(&self, answer: &mut ModuleAnswer, source: Option<String>) -> Result<(), Problem> {
        let Some(history) = &self.service.history else { return Ok(()) };
        let model = self.function.model.as_deref();
        let Some(source) = source else {
            history.keep(|| answer.take_entry(model));
            return Ok(());
        };
        let Some(entry) = answer.take_entry(model) else { return Ok(()) };
        history.keep_once(source, entry).await.map_err(|reason| {
            tracing::error!(reason, "an object's labels could not be kept");
            Problem::new(ErrorCode::Overloaded, "the history can't be used at the moment; come again")
        })
    }

    /// What the function is told of the request: how to answer, and what the data is.
    fn headers(&self, attributes: &Attributes) -> HeaderMap {
        let sent = &self.head.headers;
        let mut headers = HeaderMap::new();
        let copied = match self.mode {
            Mode::Binary => &[header::ACCEPT, header::ACCEPT_LANGUAGE, header::CONTENT_ENCODING][..],
            // There `Accept` is about the event.
            _ => &[header::ACCEPT_LANGUAGE],
        };
        for name in copied {
            headers.extend(sent.get(name).map(|value| (name.clone(), value.clone())));
        }
        let media_type =
            attributes.get("datacontenttype").and_then(|value| HeaderValue::try_from(value).ok());
        headers.extend(media_type.map(|value| (header::CONTENT_TYPE, value)));
        headers
    }

    /// The function's answer as an event in the mode that came; its refusals as they are.
    fn response(&self, asked: &Attributes, answer: ModuleAnswer, subject: Option<String>) -> Response {
        if !answer.status().is_success() {
            return answer.into_response();
        }
        let attributes = self.reply_of(asked, &answer, subject);
        let json = (self.mode == Mode::Structured)
            .then(|| to_structured(&Written { attributes: &attributes, data: answer.body() }));
        let mut response = answer.into_response();
        match json {
            Some(json) => {
                *response.body_mut() = Body::from(json);
                response.headers_mut().remove(header::CONTENT_ENCODING);
                self.set_content_type(&mut response);
            }
            None => to_headers(&attributes, response.headers_mut()),
        }
        response
    }

    /// What stands in the answer to a batch for one event.
    fn written(&self, asked: &Attributes, outcome: Result<Outcome, Problem>) -> (Attributes, Vec<u8>) {
        match outcome {
            Ok(Outcome::Answer { answer, subject }) => {
                let attributes = self.reply_of(asked, &answer, subject);
                (attributes, answer.body().to_vec())
            }
            Ok(Outcome::Nothing(reason)) => {
                let data = json!({"reason": reason}).to_string().into_bytes();
                (self.reply(asked, NOTHING).with("datacontenttype", Some(JSON.to_owned())), data)
            }
            Err(problem) => failure(&self.reply(asked, ERROR), &problem),
        }
    }

    fn reply_of(&self, asked: &Attributes, answer: &ModuleAnswer, subject: Option<String>) -> Attributes {
        let kind = match answer.recognition() {
            _ if !answer.status().is_success() => ERROR,
            Some(_) => LABELS,
            None => OTHER,
        };
        let subject = subject.filter(|subject| is_sound(subject));
        self.reply(asked, kind)
            .with("datacontenttype", answer.content_type().map(str::to_owned))
            .with("subject", subject)
    }

    /// An event of ours that answers another.
    fn reply(&self, asked: &Attributes, kind: &str) -> Attributes {
        let id = uuid::Uuid::new_v4().to_string();
        let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let attribute = |name: &str| asked.get(name).map(str::to_owned);
        let reply = Attributes::new(id, self.function.path(), kind, time)
            .with("subject", attribute("subject"))
            .with("causationid", attribute("id"));
        CARRIED.iter().fold(reply, |reply, name| reply.with(name, attribute(name)))
    }

    fn set_content_type(&self, response: &mut Response) {
        if let Some(content_type) = self.mode.content_type() {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
    }
}

const JSON: &str = "application/json";

fn failure(attributes: &Attributes, problem: &Problem) -> (Attributes, Vec<u8>) {
    let data = ErrorBody::new(problem.code, problem.message.clone()).to_json();
    (attributes.clone().with("datacontenttype", Some(JSON.to_owned())), data.into())
}

/// Whether a key of an object can be a subject as it is.
fn is_sound(subject: &str) -> bool {
    (1..=MAX_VALUE_BYTES).contains(&subject.len()) && !subject.chars().any(char::is_control)
}

//! What differs between clouds.

use std::time::Instant;

use bytes::Bytes;
use contract::ErrorCode;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::event_source::EventSource;
use super::invocation::Invocation;
use crate::trigger::objects::Service;

/// A cloud's runtime API: an address within the function's own machine, at which events are asked for and answers are
/// left, by HTTP.
pub trait Platform {
    /// The path below which all calls are, without slashes around it.
    const ROOT: &str;

    /// Bytes that the platform takes as an answer.
    const ANSWER_BYTES: usize;

    /// Whether no other event ever gets an event's request id. An answer is then given again where the id comes again, even
    /// if the platform had taken it; otherwise only if it may not have.
    const IDS_ARE_UNIQUE: bool;

    /// `HOST:PORT` of the runtime API.
    fn address(&self) -> &str;

    /// What tells that events may come; nothing where asking for the first event tells it.
    fn ready(&self) -> Option<Post>;

    /// What tells that no events can be taken, for the reason in `message`; nothing where the end of the process tells it.
    fn failed_start(&self, message: &str) -> Option<Post> {
        let _ = message;
        None
    }

    /// Events that are asked for at the same time, at least one.
    fn at_once(&self) -> usize {
        1
    }

    /// The path below [`Self::ROOT`] at which the next event is asked for.
    fn next_path(&self) -> &str;

    /// What the headers of an event say about it; it was received at `received`.
    fn invocation(&self, headers: &HeaderMap, received: Instant) -> Invocation;

    /// Who sent an event.
    fn source(&self, event: &[u8], storage: &impl Service) -> EventSource {
        EventSource::of(event, storage)
    }

    /// Whether a platform that refuses an answer with this status (4xx) takes no other one for the event either, not even
    /// that it failed.
    fn is_settled(&self, status: StatusCode) -> bool {
        let _ = status;
        false
    }

    /// How an event is answered.
    fn answer(&self, invocation: &Invocation, answer: Bytes) -> Post;

    /// How the platform is told that an event failed.
    fn failure(&self, invocation: &Invocation, code: ErrorCode, message: &str) -> Post;
}

/// A request that tells the platform something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Below [`Platform::ROOT`], without a leading slash.
    pub path: String,
    /// Names and values.
    pub headers: Vec<(&'static str, &'static str)>,
    /// What is told.
    pub body: Bytes,
}

impl Post {
    /// A request without headers of its own.
    pub fn new(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { path: path.into(), headers: Vec::new(), body: body.into() }
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

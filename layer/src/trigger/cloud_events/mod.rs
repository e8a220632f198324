//! CloudEvents 1.0 as they come and go over HTTP: alone with headers (binary), alone as JSON (structured), several as JSON
//! (batched). Only headers and JSON are read here; what an event carries stays bytes.
//!
//! Forms: <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md> and
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>.

mod attributes;
mod binary;
#[cfg(test)]
mod conformance_tests;
#[cfg(any(test, fuzzing))]
#[allow(clippy::expect_used, clippy::panic, reason = "a fuzz target fails by panicking")]
pub mod fuzzing;
mod json;
mod mode;
#[cfg(test)]
mod tests;
mod time;

use axum::http::HeaderMap;
use bytes::Bytes;
use thiserror::Error;

pub(super) use attributes::{Attributes, MAX_VALUE_BYTES};
pub(super) use binary::to_headers;
pub(super) use json::{Written, from_batch, from_structured, to_batch, to_structured};
pub(super) use mode::Mode;

/// One event: what is said of it, and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CloudEvent {
    /// What is said of it.
    pub(super) attributes: Attributes,
    /// What it carries, as bytes: a text without its quotes, JSON as it stands, base64 decoded; empty without any.
    pub(super) data: Bytes,
}

impl CloudEvent {
    /// The event that a request in binary mode is.
    ///
    /// # Errors
    /// Says which header is missing or wrong.
    pub(super) fn from_binary(headers: &HeaderMap, body: Bytes) -> Result<Self, NoEvent> {
        Ok(Self { attributes: binary::attributes(headers)?, data: body })
    }
}

/// Why something is no CloudEvent: what was found, and what would be accepted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("this is no CloudEvent: {0}")]
pub(super) struct NoEvent(pub(super) String);

impl NoEvent {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The beginning of what somebody sent, for messages.
fn short(text: &str) -> String {
    const LETTERS: usize = 60;
    let mut short: String = text.chars().take(LETTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

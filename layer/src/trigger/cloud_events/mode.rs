//! How an event comes, and so how its answer goes.

use axum::http::{HeaderMap, header};

use super::NoEvent;
use super::binary::SPEC_VERSION;

/// One of the three content modes of the HTTP binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::trigger) enum Mode {
    /// Attributes are headers, the body is the data.
    Binary,
    /// The body is JSON with both.
    Structured,
    /// The body is a list of such JSON.
    Batched,
}

/// How the media types of events in a body begin; a batch's begin with more than that.
const MEDIA_TYPE: &str = "application/cloudevents";
const BATCH: &str = "application/cloudevents-batch";

/// The one format that is read and written.
const FORMAT: &str = "+json";

impl Mode {
    /// The mode of a request with these `headers`; none where it is no CloudEvent.
    ///
    /// # Errors
    /// It is one, in another format than JSON.
    pub(in crate::trigger) fn of(headers: &HeaderMap) -> Result<Option<Self>, NoEvent> {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (mode, format) = match (media_type.strip_prefix(BATCH), media_type.strip_prefix(MEDIA_TYPE)) {
            (Some(format), _) => (Self::Batched, format),
            (None, Some(format)) => (Self::Structured, format),
            (None, None) => return Ok(headers.contains_key(SPEC_VERSION).then_some(Self::Binary)),
        };
        if format == FORMAT {
            return Ok(Some(mode));
        }
        let found = super::short(value);
        Err(NoEvent::new(format!(
            "its content-type is {found:?}, accepted are {MEDIA_TYPE}{FORMAT} and {BATCH}{FORMAT}"
        )))
    }

    /// The content type of an answer in this mode, where it is not that of its data.
    pub(in crate::trigger) fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Binary => None,
            Self::Structured => Some("application/cloudevents+json; charset=utf-8"),
            Self::Batched => Some("application/cloudevents-batch+json; charset=utf-8"),
        }
    }
}

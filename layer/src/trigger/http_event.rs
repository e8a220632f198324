//! The HTTP event that a request, or an object of a storage, becomes.
//!
//! In whatever form a picture comes, it goes to the module as the HTTP event that an API gateway would make of it: forms,
//! base64 and JSON are read there, by code that is confined.

use std::io::{self, Write as _};

use axum::http::{HeaderMap, HeaderName, Uri, header};
use serde::Serialize;

use worker::channel::EventFile;

/// The HTTP event of the contract (docs/architecture.md) for a request.
///
/// # Errors
/// The system's reason why it gives no memory.
pub(super) fn event(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> io::Result<EventFile> {
    let before = BeforeBody {
        http_method: "POST",
        path: uri.path(),
        query_string: uri.query().unwrap_or_default(),
        headers: EventHeaders {
            accept: text(headers, header::ACCEPT),
            accept_language: text(headers, header::ACCEPT_LANGUAGE),
            content_encoding: text(headers, header::CONTENT_ENCODING),
            content_type: text(headers, header::CONTENT_TYPE),
        },
        is_base64_encoded: true,
    };
    let mut head = serde_json::to_vec(&before)?;
    // The body is written behind the other fields, piece by piece as it is encoded.
    head.pop();
    head.extend_from_slice(br#","body":""#);
    let mut event = EventFile::of(&head)?;
    event.write_base64(body)?;
    event.write_all(b"\"}")?;
    Ok(event)
}

/// Bytes of the event of a body of `length`, with an ordinary head: base64 adds a third.
pub(super) fn event_bytes(length: usize) -> usize {
    length.div_ceil(3) * 4 + 1024
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BeforeBody<'a> {
    http_method: &'static str,
    path: &'a str,
    query_string: &'a str,
    headers: EventHeaders<'a>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct EventHeaders<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    accept: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept_language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_encoding: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
}

#[cfg(test)]
mod tests;

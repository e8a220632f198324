//! What the function is asked of every photo.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use worker::channel::EventFile;

use super::row::{Problem, UNREADABLE};
use super::settings::BatchArgs;
use crate::trigger::http_event;

/// The query makes no part of a URL.
#[derive(Debug, Error)]
#[error("the query {0:?} can't stand in a URL: accepted is NAME=VALUE&…, percent-encoded")]
pub(super) struct QueryError(String);

/// A request without its body.
#[derive(Debug)]
pub(super) struct Question {
    uri: Uri,
    headers: HeaderMap,
}

impl Question {
    /// By the options for it.
    ///
    /// # Errors
    /// A query that makes no sense.
    pub(super) fn new(arguments: &BatchArgs) -> Result<Self, QueryError> {
        let own = [
            arguments.top.map(|top| format!("top={top}")),
            arguments
                .lang
                .as_ref()
                .map(|lang| format!("lang={}", utf8_percent_encode(lang, NON_ALPHANUMERIC))),
            arguments.query.clone(),
        ];
        let query = own.into_iter().flatten().collect::<Vec<_>>().join("&");
        let uri = if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
        let uri: Uri = uri.parse().map_err(|_| QueryError(query.clone()))?;
        let json = (header::ACCEPT, HeaderValue::from_static("application/json"));
        Ok(Self { uri, headers: HeaderMap::from_iter([json]) })
    }

    /// The event that asks it of `photo`.
    ///
    /// # Errors
    /// The system gives no memory.
    pub(super) fn of(&self, photo: &[u8]) -> Result<EventFile, Problem> {
        let event = http_event::event(&self.uri, &self.headers, photo);
        event.map_err(|error| Problem::new(UNREADABLE, error.to_string()))
    }
}

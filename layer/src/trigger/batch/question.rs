//! What the function is asked of every photo.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use worker::channel::EventFile;

use super::row::{Problem, UNREADABLE};
use super::settings::BatchArgs;
use crate::trigger::http_event;

/// A request without its body.
#[derive(Debug)]
pub(super) struct Question {
    uri: Uri,
    headers: HeaderMap,
}

impl Question {
    /// By the options for it; other options of the function go to every event (`--query`).
    pub(super) fn new(arguments: &BatchArgs) -> Self {
        let own = [
            arguments.top.map(|top| format!("top={top}")),
            arguments
                .lang
                .as_ref()
                .map(|lang| format!("lang={}", utf8_percent_encode(lang, NON_ALPHANUMERIC))),
        ];
        let query = own.into_iter().flatten().collect::<Vec<_>>().join("&");
        // What is encoded makes a URL whatever it was.
        let uri = format!("/?{query}").parse().unwrap_or(Uri::from_static("/"));
        let json = (header::ACCEPT, HeaderValue::from_static("application/json"));
        Self { uri, headers: HeaderMap::from_iter([json]) }
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

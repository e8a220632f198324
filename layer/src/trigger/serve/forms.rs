//! The forms in which a picture comes, and the event that each becomes.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use base64_simd::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::error::ErrorCode;

/// What a request's body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Bytes as they are; the module finds out what they are.
    Bytes(Bytes),
    /// Base64, a data URL, or JSON with either; base64 of any of them where the flag says so.
    Text { text: String, is_base64: bool },
}

/// What a request says besides its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes<'a> {
    pub(super) path: &'a str,
    pub(super) accept: Option<&'a str>,
    pub(super) accept_language: Option<&'a str>,
    pub(super) lang: Option<&'a str>,
    pub(super) top: Option<&'a str>,
}

impl Content {
    /// Finds the picture in `body`: by the content type where that is a form, else by the content, because clients
    /// seldom name the type of what they send.
    ///
    /// # Errors
    /// `bad_request` for a form that is none, `unsupported_image` for a compressed body.
    pub(super) async fn find(headers: &HeaderMap, body: Bytes) -> Result<Self, Problem> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let encoding = header(header::CONTENT_ENCODING);
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            let message =
                format!("the body is compressed with {encoding:?}, accepted are bodies as they are");
            return Err(Problem::new(ErrorCode::UnsupportedImage, message));
        }
        let kind = header(header::CONTENT_TYPE).to_ascii_lowercase();
        if kind.starts_with("multipart/") {
            return Self::in_form(header(header::CONTENT_TYPE), body).await;
        }
        Ok(Self::of_kind(&kind, body))
    }

    fn of_kind(kind: &str, body: Bytes) -> Self {
        if kind.starts_with("image/") {
            return Self::Bytes(body);
        }
        // Neither JPEG nor PNG is ever UTF-8: their first byte is not.
        match std::str::from_utf8(&body) {
            Ok(text) => Self::in_text(text.trim_start_matches('\u{feff}')),
            Err(_) => Self::Bytes(body),
        }
    }

    fn in_text(text: &str) -> Self {
        let event = text.trim_start().starts_with('{').then(|| serde_json::from_str::<Event<'_>>(text));
        match event {
            Some(Ok(Event { body: Some(body), is_base64 })) => {
                Self::Text { text: body.into_owned(), is_base64: is_base64.unwrap_or(false) }
            }
            _ => Self::Text { text: text.to_owned(), is_base64: false },
        }
    }

    /// The first file of a form; where there is none, the first field.
    async fn in_form(kind: &str, body: Bytes) -> Result<Self, Problem> {
        let bad = |error: multer::Error| {
            Problem::new(ErrorCode::BadRequest, format!("the form can't be read: {error}"))
        };
        let boundary = multer::parse_boundary(kind).map_err(bad)?;
        let whole = futures_util::stream::once(async { Ok::<_, std::convert::Infallible>(body) });
        let mut form = multer::Multipart::new(whole, boundary);
        let mut first_field = None;
        while let Some(field) = form.next_field().await.map_err(bad)? {
            let is_file = field.file_name().is_some();
            let kind = field.content_type().map(ToString::to_string).unwrap_or_default();
            let bytes = field.bytes().await.map_err(bad)?;
            if is_file {
                return Ok(Self::of_kind(&kind, bytes));
            }
            first_field.get_or_insert_with(|| Self::of_kind(&kind, bytes));
        }
        first_field.ok_or_else(|| {
            Problem::new(ErrorCode::BadRequest, "the form has no field; accepted is one with a file")
        })
    }

    /// The HTTP event of the contract (docs/architecture.md).
    pub(super) fn to_event(&self, wishes: &Wishes<'_>) -> Bytes {
        let (text, is_base64): (Cow<'_, str>, bool) = match self {
            Self::Bytes(bytes) => (STANDARD.encode_to_string(bytes).into(), true),
            Self::Text { text, is_base64 } => (text.into(), *is_base64),
        };
        let event = HttpEvent {
            http_method: "POST",
            path: wishes.path,
            headers: EventHeaders { accept: wishes.accept, accept_language: wishes.accept_language },
            query_string_parameters: EventQuery { lang: wishes.lang, top: wishes.top },
            body: &text,
            is_base64_encoded: is_base64,
        };
        let mut json = Vec::with_capacity(text.len() + 512);
        // Strings and a flag, written to memory: nothing can fail.
        drop(serde_json::to_writer(&mut json, &event));
        json.into()
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    body: Option<Cow<'a, str>>,
    #[serde(default, rename = "isBase64Encoded")]
    is_base64: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent<'a> {
    http_method: &'static str,
    path: &'a str,
    headers: EventHeaders<'a>,
    query_string_parameters: EventQuery<'a>,
    is_base64_encoded: bool,
    body: &'a str,
}

#[derive(Serialize)]
struct EventHeaders<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    accept: Option<&'a str>,
    #[serde(rename = "accept-language", skip_serializing_if = "Option::is_none")]
    accept_language: Option<&'a str>,
}

#[derive(Serialize)]
struct EventQuery<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<&'a str>,
}

#[cfg(test)]
mod tests;

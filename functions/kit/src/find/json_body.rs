//! Bodies that are JSON.

use std::borrow::Cow;

use serde::Deserialize;

use super::{in_text, too_many_layers};
use crate::error::FunctionError;
use crate::event::{Body, Event};
use crate::find;
use crate::json;
use crate::picture::Picture;

#[derive(Deserialize)]
struct JsonBody<'a> {
    #[serde(borrow, default)]
    image: Body<'a>,
    #[serde(borrow, default)]
    body: Body<'a>,
}

/// `{"image": "…"}`, or a whole event.
pub(super) fn in_object(text: &str, layers: usize) -> Result<Picture<'static>, FunctionError> {
    match serde_json::from_str::<JsonBody<'_>>(text) {
        Ok(body) => in_fields(text, body, layers),
        Err(error) => match json::with_escaped_controls(text) {
            Some(text) => in_object(&text, layers.checked_sub(1).ok_or_else(too_many_layers)?),
            None => Err(not_as_expected(&error.to_string())),
        },
    }
}

fn not_as_expected(reason: &str) -> FunctionError {
    FunctionError::no_picture(&format!("the body is JSON, but not as expected ({reason})"))
}

fn in_fields(text: &str, fields: JsonBody<'_>, layers: usize) -> Result<Picture<'static>, FunctionError> {
    match fields.image {
        Body::Text(image) if image.trim().is_empty() => {
            Err(FunctionError::no_picture("the body's image is empty"))
        }
        Body::Text(image) => in_text(&image, None, layers),
        Body::Other(name) => {
            Err(FunctionError::no_picture(&format!("the body's image is {name}, not a text")))
        }
        Body::Missing | Body::Bytes(_) if fields.body == Body::Missing => {
            Err(not_as_expected("missing field `image`"))
        }
        Body::Missing | Body::Bytes(_) => {
            let event = Event::parse(text)?;
            find::picture(&event, layers).map(Picture::into_owned)
        }
    }
}

/// A text in JSON's quotes.
pub(super) fn in_string(text: &str, layers: usize) -> Result<Picture<'static>, FunctionError> {
    let parsed = serde_json::from_str::<Cow<'_, str>>(text);
    let error = match parsed {
        Ok(text) => return in_text(&text, None, layers),
        Err(error) => error,
    };
    match json::with_escaped_controls(text).map(|text| serde_json::from_str::<String>(&text)) {
        Some(Ok(text)) => in_text(&text, None, layers),
        _ => Err(not_as_expected(&error.to_string())),
    }
}

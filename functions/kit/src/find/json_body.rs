//! Bodies that are JSON.

use std::borrow::Cow;

use serde::Deserialize;

use super::layers;
use crate::error::FunctionError;
use crate::event::{Body, Event};
use crate::json;
use crate::picture::Picture;

#[derive(Deserialize)]
struct JsonBody<'a> {
    #[serde(borrow, default)]
    image: Body<'a>,
    #[serde(borrow, default)]
    body: Body<'a>,
}

/// What JSON holds in place of a picture.
#[derive(Clone, Copy)]
pub(super) enum Found<'a> {
    /// A text.
    Text(&'a str),
    /// A whole event.
    Event(&'a Event<'a>),
}

/// Finds the picture in what was found, with so many layers left.
type FindIn<'f> = &'f dyn Fn(Found<'_>, usize) -> Result<Picture<'static>, FunctionError>;

/// `{"image": "…"}`, or a whole event.
pub(super) fn in_object(
    text: &str,
    layers: usize,
    find_in: FindIn<'_>,
) -> Result<Picture<'static>, FunctionError> {
    match serde_json::from_str::<JsonBody<'_>>(text) {
        Ok(body) => in_fields(text, body, layers, find_in),
        Err(error) => match json::with_escaped_controls(text) {
            Some(text) => in_object(&text, layers::one_less(layers)?, find_in),
            None => Err(not_as_expected(&error.to_string())),
        },
    }
}

fn not_as_expected(reason: &str) -> FunctionError {
    FunctionError::no_picture(&format!("the body is JSON, but not as expected ({reason})"))
}

fn in_fields(
    text: &str,
    fields: JsonBody<'_>,
    layers: usize,
    find_in: FindIn<'_>,
) -> Result<Picture<'static>, FunctionError> {
    match fields.image {
        Body::Text(image) if image.trim().is_empty() => {
            Err(FunctionError::no_picture("the body's image is empty"))
        }
        Body::Text(image) => find_in(Found::Text(&image), layers),
        Body::Other(name) => {
            Err(FunctionError::no_picture(&format!("the body's image is {name}, not a text")))
        }
        Body::Missing | Body::Bytes(_) if fields.body == Body::Missing => {
            Err(not_as_expected("missing field `image`"))
        }
        Body::Missing | Body::Bytes(_) => find_in(Found::Event(&Event::parse(text)?), layers),
    }
}

/// A text in JSON's quotes.
pub(super) fn in_string(
    text: &str,
    layers: usize,
    find_in: FindIn<'_>,
) -> Result<Picture<'static>, FunctionError> {
    let parsed = serde_json::from_str::<Cow<'_, str>>(text);
    let error = match parsed {
        Ok(text) => return find_in(Found::Text(&text), layers),
        Err(error) => error,
    };
    match json::with_escaped_controls(text).map(|text| serde_json::from_str::<String>(&text)) {
        Some(Ok(text)) => find_in(Found::Text(&text), layers),
        _ => Err(not_as_expected(&error.to_string())),
    }
}

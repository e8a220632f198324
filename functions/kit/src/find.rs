//! From a body in any form to the picture in it.
//!
//! The content decides what something is; types and names that clients give are used only if the content is ambiguous.
//! Layers (a gateway's base64 around a form with a part that is base64 …) are removed one after the other.

mod form;
mod json_body;
mod layers;
mod mangled;
mod services;

use std::borrow::Cow;

use contract::utf16;

use json_body::Found;

use crate::base64;
use crate::error::FunctionError;
use crate::event::{Body, Event};
use crate::formats::{self, Format};
use crate::multipart;
use crate::picture::Picture;
use crate::picture_text::{is_data_url, is_picture_text};
use crate::urlencoded;

/// Layers that are taken off.
const MAX_LAYERS: usize = 6;

impl Event<'_> {
    /// The picture in the body, in whatever form it came.
    ///
    /// # Errors
    /// `bad_request` or `unsupported_image` says what was found instead.
    pub fn picture(&self) -> Result<Picture<'_>, FunctionError> {
        picture(self, MAX_LAYERS)
    }
}

/// The picture in an event's body: itself, base64, a data URL, JSON or a form with any of these; base64 of any of these
/// where the gateway says that it encoded the body.
///
/// # Errors
/// `bad_request` or `unsupported_image` says what was found instead.
fn picture<'e>(event: &'e Event<'_>, layers: usize) -> Result<Picture<'e>, FunctionError> {
    let content_type = event.header("content-type");
    if let Some(encoding) = event.header("content-encoding").and_then(compression) {
        let message = format!("the body is compressed with {encoding:?}, accepted are bodies as they are");
        return Err(FunctionError::new(contract::ErrorCode::UnsupportedImage, message));
    }
    match &event.body {
        Body::Missing => Err(FunctionError::no_picture("the event has no body")),
        Body::Other(name) => Err(FunctionError::no_picture(&format!("the body is {name}, not a text"))),
        Body::Bytes(bytes) => in_bytes(Cow::Borrowed(bytes), content_type, layers),
        Body::Text(text) if text.trim().is_empty() => Err(empty()),
        Body::Text(text) if event.is_base64 => in_bytes(base64::decode(text)?.into(), content_type, layers),
        Body::Text(text)
            if content_type.is_some_and(multipart::is_multipart) || text.trim_start().starts_with("--") =>
        {
            in_bytes(
                mangled::latin_1(text).map_or(Cow::Borrowed(text.as_bytes()), Cow::Owned),
                content_type,
                layers,
            )
        }
        Body::Text(text) => in_text(text, content_type, layers),
    }
}

/// What an event without a body is instead; None where there is nothing to name.
pub(crate) use services::refusal as service_refusal;

/// The compression that a header names, if it names any: `identity`, or a charset that clients take for an encoding,
/// is none.
fn compression(header: &str) -> Option<&str> {
    const KNOWN: [&str; 9] =
        ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "snappy", "lzma"];
    header.split(',').map(str::trim).find(|name| KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

fn empty() -> FunctionError {
    FunctionError::no_picture("the body is empty")
}

fn in_bytes<'e>(
    bytes: Cow<'e, [u8]>,
    content_type: Option<&str>,
    layers: usize,
) -> Result<Picture<'e>, FunctionError> {
    if let Some(format) = Format::sniff(&bytes) {
        let range = 0..bytes.len();
        return Ok(Picture::new(bytes, range, format));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(empty());
    }
    if formats::is_known(&bytes) {
        return Err(FunctionError::unsupported(formats::name(&bytes)));
    }
    let layers = layers::one_less(layers)?;
    if let Some(parts) = multipart::parts(&bytes, content_type) {
        return form::in_parts(bytes, &parts, &|bytes, content_type| {
            in_bytes(bytes.into(), content_type, layers)
        });
    }
    if let Some(text) = utf16::decode(&bytes).filter(|text| formats::is_text(text.as_bytes())) {
        return in_text(&text, content_type, layers);
    }
    match std::str::from_utf8(&bytes) {
        // A file with few bytes above 127: nobody meant it to be base64.
        Ok(text) if !formats::is_text(&bytes) && !text.trim_start().starts_with(['{', '"']) => {
            Err(FunctionError::unsupported(formats::name(&bytes)))
        }
        Ok(text) => in_text(text.trim_start_matches('\u{feff}'), content_type, layers),
        Err(_) => Err(FunctionError::unsupported(formats::name(&bytes))),
    }
}

fn in_text(text: &str, content_type: Option<&str>, layers: usize) -> Result<Picture<'static>, FunctionError> {
    let text = text.trim();
    let layers = layers::one_less(layers)?;
    match text.as_bytes() {
        [] => return Err(empty()),
        [b'{', ..] => return json_body::in_object(text, layers, &in_found),
        [b'"', .., b'"'] => return json_body::in_string(text, layers, &in_found),
        _ => {}
    }
    if is_data_url(text) {
        return in_data_url(text, layers);
    }
    // Nearly all texts: no other form needs a look over all of it.
    if is_picture_text(text)
        && let Some(bytes) = base64::decode_standard(text).filter(|bytes| Format::sniff(bytes).is_some())
    {
        return in_bytes(bytes.into(), None, layers);
    }
    if let Some(pairs) = form::pairs_of(text, content_type) {
        return form::in_pairs(&pairs, &|bytes, content_type| in_bytes(bytes.into(), content_type, layers));
    }
    if let Some(bytes) = mangled::latin_1(text).filter(|bytes| Format::sniff(bytes).is_some()) {
        return in_bytes(bytes.into(), None, layers);
    }
    if mangled::is_replaced(text.as_bytes()) {
        return Err(mangled::error());
    }
    match base64::decode(text) {
        Ok(bytes) => in_decoded(bytes, layers),
        Err(error) => match urlencoded::percent_decoded(text) {
            Some(bytes) => in_bytes(bytes.into(), None, layers),
            None => Err(error),
        },
    }
}

fn in_found(found: Found<'_>, layers: usize) -> Result<Picture<'static>, FunctionError> {
    match found {
        Found::Text(text) => in_text(text, None, layers),
        Found::Event(event) => picture(event, layers).map(Picture::into_owned),
    }
}

/// What came out of base64 that somebody wrote: a picture, or once more a text that holds one. Other text is named as
/// such.
fn in_decoded(bytes: Vec<u8>, layers: usize) -> Result<Picture<'static>, FunctionError> {
    let text = std::str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
    let is_body = Format::sniff(&bytes).is_some()
        || multipart::parts(&bytes, None).is_some()
        || looks_like_a_body(text)
        || is_base64_of_more(text);
    if is_body {
        in_bytes(bytes.into(), None, layers)
    } else {
        Err(FunctionError::unsupported(formats::name(&bytes)))
    }
}

/// Whether a text is base64 of a picture or of such a text: most words are base64, too.
fn is_base64_of_more(text: &str) -> bool {
    let Some(bytes) = base64::decode(text).ok().filter(|bytes| !bytes.is_empty()) else {
        return false;
    };
    let is_text =
        || std::str::from_utf8(&bytes).is_ok_and(|text| looks_like_a_body(text) || is_base64_of_more(text));
    formats::is_known(&bytes) || is_text()
}

fn looks_like_a_body(text: &str) -> bool {
    text.starts_with('{')
        || is_picture_text(text.trim_start_matches('"'))
        || form::pairs_of(text, None).is_some()
}

/// The MIME type of a data URL is not looked at: clients get it wrong, the first bytes don't.
fn in_data_url(text: &str, layers: usize) -> Result<Picture<'static>, FunctionError> {
    let decoded = |text: &str| urlencoded::percent_decoded(text);
    let Some((head, data)) = text.split_once(',') else {
        // The whole URL went through the encoding of forms.
        return match decoded(text).as_deref().map(std::str::from_utf8) {
            Some(Ok(text)) if text.contains(',') => in_data_url(text, layers),
            _ => Err(FunctionError::no_picture("the body is a data URL without data")),
        };
    };
    if head.to_ascii_lowercase().ends_with(";base64") {
        let bytes = match decoded(data).map(String::from_utf8) {
            Some(Ok(data)) => base64::decode(&data)?,
            _ => base64::decode(data)?,
        };
        return in_decoded(bytes, layers);
    }
    match decoded(data).filter(|bytes| formats::is_known(bytes)) {
        Some(bytes) => in_bytes(bytes.into(), None, layers),
        None => Err(FunctionError::no_picture("the body is a data URL without ;base64")),
    }
}

#[cfg(test)]
mod tests;

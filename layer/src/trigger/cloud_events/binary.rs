//! Binary mode: attributes as headers, whose values are percent-encoded where a header can't carry them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::attributes::Attributes;
use super::{NoEvent, short};

/// How headers with attributes begin.
const PREFIX: &str = "ce-";

/// The header by which an event in binary mode is told.
pub(super) const SPEC_VERSION: &str = "ce-specversion";

/// The attribute that is the header `content-type`.
const CONTENT_TYPE: &str = "datacontenttype";

/// What is encoded beside all that is not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// The attributes in these headers.
///
/// # Errors
/// Says which is missing or wrong.
pub(super) fn attributes(headers: &HeaderMap) -> Result<Attributes, NoEvent> {
    let mut attributes = Attributes::default();
    for (header, value) in headers {
        let name = match header.as_str().strip_prefix(PREFIX) {
            // The header content-type says it; what else says it does not count.
            Some(CONTENT_TYPE) => continue,
            Some(name) => name,
            None => continue,
        };
        attributes.take(name, decoded(name, value)?)?;
    }
    if let Some(value) = headers.get(header::CONTENT_TYPE) {
        let value = value.to_str().map_err(|_| NoEvent::new("its content-type is no text"))?;
        attributes.take(CONTENT_TYPE, value.to_owned())?;
    }
    attributes.complete()
}

/// Adds these attributes to headers; that of the data's type replaces what is there.
pub(in crate::trigger) fn to_headers(attributes: &Attributes, headers: &mut HeaderMap) {
    for (name, value) in attributes.iter() {
        let named = if name == CONTENT_TYPE {
            (Ok(header::CONTENT_TYPE), HeaderValue::try_from(value))
        } else {
            (HeaderName::try_from(format!("{PREFIX}{name}")), HeaderValue::try_from(encoded(value)))
        };
        // Names are letters and digits, and values are encoded, so there is a header for each.
        if let (Ok(name), Ok(value)) = named {
            headers.insert(name, value);
        }
    }
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// A header's value as text: without the quotes that earlier versions wrote, and decoded once.
fn decoded(name: &str, value: &HeaderValue) -> Result<String, NoEvent> {
    let wrong = |accepted: &str| {
        let found = short(&String::from_utf8_lossy(value.as_bytes()));
        NoEvent::new(format!("the header {PREFIX}{name} is {found:?}, accepted is {accepted}"))
    };
    // Letters beyond ASCII that are not encoded are against the rules, but clear.
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| wrong("UTF-8"))?;
    let text = unquoted(text).ok_or_else(|| wrong("a quoted text that ends"))?;
    let decoded = percent_decode_str(&text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| wrong("UTF-8 after percent-decoding"))
}

/// What stands between quotes, where there are some (RFC 9110, 5.6.4).
fn unquoted(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else { return Some(text.to_owned()) };
    let mut letters = quoted.chars();
    let mut plain = String::with_capacity(quoted.len());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return letters.next().is_none().then_some(plain),
            '\\' => plain.push(letters.next()?),
            letter => plain.push(letter),
        }
    }
    None
}

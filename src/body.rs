//! From an event's body to the bytes of a picture.

use std::borrow::Cow;

use serde::Deserialize;

use crate::base64;
use crate::error::{ACCEPTED_BODIES, FunctionError};
use crate::event::{Body, Event};
use crate::picture::Format;

/// The bytes that should be a picture: base64, a data URL, or JSON with either; base64 of any of these where the
/// gateway says that it encoded the body.
///
/// # Errors
/// [`FunctionError::BadRequest`] says what was found instead.
pub(crate) fn picture_bytes(event: &Event<'_>) -> Result<Vec<u8>, FunctionError> {
    let text = match &event.body {
        Body::Text(text) if text.trim().is_empty() => return Err(bad("the body is empty")),
        Body::Text(text) => text,
        Body::Missing => return Err(bad("the event has no body")),
        Body::Other(kind) => return Err(bad(&format!("the body is {kind}, not a text"))),
    };
    if !event.is_base64 {
        return from_text(text);
    }
    let bytes = base64::decode(text)?;
    // The gateway encoded what the client sent: a picture, or one of the texts.
    match std::str::from_utf8(&bytes) {
        Ok(text) if Format::sniff(&bytes).is_none() && looks_like_a_body(text) => from_text(text),
        _ => Ok(bytes),
    }
}

fn bad(found: &str) -> FunctionError {
    FunctionError::BadRequest(format!("{found}; {ACCEPTED_BODIES}"))
}

/// Whether decoded text is worth a second look; other text is named as such.
fn looks_like_a_body(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('{') || is_data_url(text) || text.starts_with("/9j/") || text.starts_with("iVBOR")
}

fn from_text(text: &str) -> Result<Vec<u8>, FunctionError> {
    let text = text.trim();
    if text.starts_with('{') { from_json(text) } else { from_base64_or_data_url(text) }
}

#[derive(Deserialize)]
struct JsonBody<'a> {
    #[serde(borrow)]
    image: Cow<'a, str>,
}

fn from_json(text: &str) -> Result<Vec<u8>, FunctionError> {
    let body: JsonBody<'_> = serde_json::from_str(text)
        .map_err(|error| bad(&format!("the body is JSON, but not as expected ({error})")))?;
    match body.image.trim() {
        "" => Err(bad("the body's image is empty")),
        image => from_base64_or_data_url(image),
    }
}

fn is_data_url(text: &str) -> bool {
    text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"))
}

/// The MIME type of a data URL is not looked at: clients get it wrong, the first bytes don't.
fn from_base64_or_data_url(text: &str) -> Result<Vec<u8>, FunctionError> {
    if !is_data_url(text) {
        return base64::decode(text);
    }
    match text.split_once(',') {
        Some((head, data)) if head.to_ascii_lowercase().ends_with(";base64") => base64::decode(data),
        Some(_) => Err(bad("the body is a data URL without ;base64")),
        None => Err(bad("the body is a data URL without data")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::base64::Engine as _;
    use ::base64::prelude::BASE64_STANDARD;

    const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0picture";

    fn encode(bytes: impl AsRef<[u8]>) -> String {
        BASE64_STANDARD.encode(bytes)
    }

    fn bytes_of(body: &str, is_base64: bool) -> Result<Vec<u8>, FunctionError> {
        let event =
            serde_json::json!({"httpMethod": "POST", "body": body, "isBase64Encoded": is_base64}).to_string();
        picture_bytes(&Event::parse(event.as_bytes()).unwrap())
    }

    #[test]
    fn a_picture_comes_as_base64_as_data_url_or_as_json_with_either() {
        let picture = encode(JPEG);
        let url = format!("data:image/gif;name=x;base64,{picture}");
        for body in [
            picture.clone(),
            format!("\n {picture} \n"),
            url.clone(),
            url.to_uppercase().split(',').next().unwrap().to_owned() + "," + &picture,
            format!(r#" {{"image": "{picture}", "other": 1}}"#),
            format!(r#"{{"image": "{url}"}}"#),
        ] {
            assert_eq!(bytes_of(&body, false).as_deref(), Ok(JPEG), "{body}");
            assert_eq!(bytes_of(&encode(&body), true).as_deref(), Ok(JPEG), "base64 of {body}");
        }
        assert_eq!(bytes_of(&picture, true).as_deref(), Ok(JPEG));
    }

    #[test]
    fn what_is_no_picture_is_named_with_what_would_be_one() {
        for (body, expected) in [
            ("", "the body is empty"),
            (" \n", "the body is empty"),
            ("{}", "missing field `image`"),
            (r#"{"image": 5}"#, "invalid type: integer `5`"),
            (r#"{"image": " "}"#, "the body's image is empty"),
            (r#"{"image": "A", "image": "B"}"#, "duplicate field `image`"),
            ("data:image/png,abc", "without ;base64"),
            ("data:image/png;base64", "without data"),
        ] {
            let message = bytes_of(body, false).unwrap_err().to_string();
            assert!(message.contains(expected) && message.contains("accepted are"), "{message}");
        }
        assert!(bytes_of("not base64!", false).unwrap_err().to_string().contains("found '!' at position 10"));
    }

    #[test]
    fn a_json_body_that_claims_to_be_base64_is_refused() {
        let body = format!(r#"{{"image": "{}"}}"#, encode(JPEG));
        assert_eq!(
            bytes_of(&body, true).unwrap_err().to_string(),
            "the body is not base64: found '{' at position 0"
        );
    }

    #[test]
    fn text_that_is_no_form_of_a_body_stays_text_and_is_named_later() {
        assert_eq!(bytes_of(&encode("hello"), true).as_deref(), Ok(&b"hello"[..]));
        assert_eq!(bytes_of(&encode("hello"), false).as_deref(), Ok(&b"hello"[..]));
    }

    #[test]
    fn a_missing_body_is_named() {
        let message = picture_bytes(&Event::parse(b"{}").unwrap()).unwrap_err().to_string();
        assert!(message.starts_with("the event has no body; accepted are"), "{message}");
        let message = picture_bytes(&Event::parse(br#"{"body": 5}"#).unwrap()).unwrap_err().to_string();
        assert!(message.starts_with("the body is a number, not a text"), "{message}");
    }
}

//! Standard input: JSON in one of its encodings, or a picture as it is.

use std::borrow::Cow;

use contract::utf16;

use crate::error::FunctionError;
use crate::picture_text::is_picture_text;
use crate::{formats, multipart};

/// What an event is made of.
#[derive(Debug, PartialEq)]
pub(crate) enum Input<'a> {
    /// Text that should be JSON, without a byte order mark.
    Json(Cow<'a, str>),
    /// No JSON: a picture, or a text or form that holds one.
    Body(&'a [u8]),
}

/// Finds out what `bytes` are.
///
/// # Errors
/// `bad_request` where they are neither a picture nor text.
pub(crate) fn read(bytes: &[u8]) -> Result<Input<'_>, FunctionError> {
    if formats::is_known(bytes) || multipart::parts(bytes, None).is_some() {
        return Ok(Input::Body(bytes));
    }
    let text = match (utf16::decode(bytes), std::str::from_utf8(bytes)) {
        (Some(text), _) => Cow::Owned(text),
        (None, Ok(text)) => Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)),
        (None, Err(error)) => {
            let place = error.valid_up_to();
            let hint = match bytes.get(place..) {
                Some(rest) if formats::is_known(rest) => {
                    "; a picture stands there as it is, JSON takes it in base64"
                }
                _ => "",
            };
            return Err(FunctionError::bad_request(format!(
                "the event is not UTF-8: byte {place} is damaged{hint}"
            )));
        }
    };
    if is_picture_text(text.trim_start()) && matches!(text, Cow::Borrowed(_)) {
        return Ok(Input::Body(bytes));
    }
    Ok(Input::Json(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_base64_that_mark_a_format_deep_in_a_file_mark_none_in_text() {
        for at in 100..140 {
            let event = format!("{{\"body\":\"{}DICM{}\"}}", "A".repeat(at - 9), "A".repeat(40));
            assert_eq!(json(event.as_bytes()), event, "{at}");
        }
        let file = [&[0; 128], &b"DICM\x02\0\0\0UL"[..]].concat();
        assert_eq!(read(&file).unwrap(), Input::Body(&file));
    }

    fn json(bytes: &[u8]) -> String {
        match read(bytes).unwrap() {
            Input::Json(text) => text.into_owned(),
            other @ Input::Body(_) => panic!("{other:?}"),
        }
    }

    #[test]
    fn json_comes_as_utf8_or_utf16_with_or_without_a_byte_order_mark() {
        let units = "\u{feff}{\"é\": 1}".encode_utf16();
        let big: Vec<u8> = units.clone().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        let utf8 = "\u{feff}{\"é\": 1}".as_bytes();
        for bytes in [utf8, &utf8[3..], &big, &big[2..], &little, &little[2..]] {
            assert_eq!(json(bytes), "{\"é\": 1}", "{bytes:?}");
        }
    }

    #[test]
    fn what_is_a_picture_or_the_text_of_one_is_a_body() {
        for bytes in [
            &b"\xFF\xD8\xFF\xE0"[..],
            b"GIF89a\x01",
            b" /9j/4AAQ",
            b"data:image/png;base64,iVBORw",
            b"iVBORw0KGgo",
        ] {
            assert_eq!(read(bytes), Ok(Input::Body(bytes)));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_named() {
        let message = |bytes: &[u8]| read(bytes).unwrap_err().message().to_owned();
        assert_eq!(message(b"{\"body\": \"\xE9\"}"), "the event is not UTF-8: byte 10 is damaged");
        assert!(message(b"{\"body\": \"\xFF\xD8\xFF\xE0\"}").contains("a picture stands there as it is"));
    }
}

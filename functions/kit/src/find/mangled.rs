//! Pictures that something on the way treated as text: recovered if possible, otherwise named in the error.

use crate::error::FunctionError;

/// What a decoder of UTF-8 writes for a byte that it can't read.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Whether bytes begin as a JPEG or PNG does that was read as UTF-8: its first byte is gone.
pub(super) fn is_replaced(bytes: &[u8]) -> bool {
    let rest = bytes.strip_prefix(REPLACEMENT);
    rest.is_some_and(|rest| rest.starts_with(REPLACEMENT) || rest.starts_with(b"PNG"))
}

/// Nothing brings back what was replaced.
pub(super) fn error() -> FunctionError {
    FunctionError::no_picture(
        "the body is a picture that was read as text on its way, which replaced bytes by U+FFFD: let the gateway pass it as \
         binary data (base64)",
    )
}

/// The bytes of a text of which each character stands for one byte (ISO 8859-1), as some gateways pass binary data; None
/// where it is plain ASCII, or has other characters.
pub(super) fn latin_1(text: &str) -> Option<Vec<u8>> {
    // Most texts are told apart by their first character.
    if text.is_ascii() {
        return None;
    }
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_bytes_are_told_by_the_start_of_a_picture() {
        for bytes in [&b"\xFF\xD8\xFF\xE0"[..], b"\x89PNG\r\n\x1a\n"] {
            assert!(is_replaced(String::from_utf8_lossy(bytes).as_bytes()), "{bytes:?}");
        }
        assert!(!is_replaced("\u{fffd}?".as_bytes()));
    }

    #[test]
    fn a_character_for_each_byte_is_the_bytes() {
        assert_eq!(latin_1("ÿØÿà"), Some(b"\xFF\xD8\xFF\xE0".to_vec()));
        assert_eq!((latin_1("AAAA"), latin_1("番")), (None, None));
    }
}

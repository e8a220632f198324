//! Base64 in the variants that clients send: standard or URL-safe alphabet, with or without padding, white space ignored.

mod blocks;

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};

use crate::error::FunctionError;

/// The standard alphabet, padded or not.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes `text`.
///
/// # Errors
/// `bad_request` that names the first character that is none of base64's, or says that the text was
/// cut off or what its way has done to it.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, FunctionError> {
    if let Ok(bytes) = standard(text.as_bytes()) {
        return Ok(bytes);
    }
    let bad = |reason: &str| FunctionError::bad_request(format!("the body is not base64: {reason}"));
    if has_spaces_for_plus(text) {
        return Err(bad(
            "each of its + became a space, because something on its way read it as a form or URL; \
                        send + as %2B, or the URL-safe alphabet",
        ));
    }
    standard(standard_digits(text).as_bytes()).map_err(|_| bad(&reason(text)))
}

/// Decodes `text` if it is nothing but digits of the standard alphabet, padded or not.
pub(crate) fn decode_standard(text: &str) -> Option<Vec<u8>> {
    standard(text.as_bytes()).ok()
}

/// Lines of base64 are shorter; the usual ones have 64 or 76 digits.
const MAX_LINE_DIGITS: usize = 1024;

/// Whether the text has lone spaces where `+` would be, and no `+`. Spaces between lines of one length are white space: a
/// shell joins lines so.
fn has_spaces_for_plus(text: &str) -> bool {
    let text = text.trim();
    let bytes = text.as_bytes();
    let is_lone = |at: usize| {
        let is_ink = |at: usize| bytes.get(at).is_some_and(|byte| !byte.is_ascii_whitespace());
        at > 0 && is_ink(at - 1) && is_ink(at + 1)
    };
    let is_digit =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_=".contains(byte) || byte.is_ascii_whitespace();
    if !bytes.iter().all(is_digit) || !memchr::memchr_iter(b' ', bytes).any(is_lone) {
        return false;
    }
    let mut lines = text.split(' ').map(str::len);
    let (length, last) = (lines.next().unwrap_or_default(), lines.next_back().unwrap_or_default());
    let are_lines = length % 4 == 0 && length <= MAX_LINE_DIGITS && last <= length;
    !(are_lines && lines.all(|line| line == length))
}

/// Decodes text of nothing but the standard alphabet's digits, padded or not.
fn standard(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let (mut bytes, rest) = blocks::decode(text);
    ENGINE.decode_vec(rest, &mut bytes)?;
    Ok(bytes)
}

/// The text in the standard alphabet, without white space.
fn standard_digits(text: &str) -> String {
    let digits = text.chars().filter(|character| !character.is_ascii_whitespace());
    let standard = digits.map(|character| match character {
        '-' => '+',
        '_' => '/',
        other => other,
    });
    standard.collect()
}

/// Only on failure: looks at the text again, character by character.
fn reason(text: &str) -> String {
    let digits = || text.chars().enumerate().filter(|(_, character)| !character.is_ascii_whitespace());
    let is_digit = |character: char| character.is_ascii_alphanumeric() || "+/-_".contains(character);
    let end = text
        .trim_end_matches(|character: char| character == '=' || character.is_ascii_whitespace())
        .chars()
        .count();
    if let Some((position, character)) =
        digits().find(|&(position, character)| position < end && !is_digit(character))
    {
        return format!("found {character:?} at position {position}");
    }
    match digits().filter(|(position, _)| *position < end).count() {
        count if count % 4 == 1 => format!("it was cut off ({count} characters leave one over)"),
        _ => "its end is damaged (wrong padding or left-over bits)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::base64::prelude::{
        BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD,
    };
    use proptest::prelude::*;

    #[test]
    fn what_is_no_base64_is_named_with_its_place() {
        for (text, expected) in [
            ("AA*A", "found '*' at position 2"),
            ("QU\rJD\né", "found 'é' at position 6"),
            ("QUJDR", "it was cut off (5 characters leave one over)"),
            ("QQ=Q", "found '=' at position 2"),
            ("QUI===", "its end is damaged"),
        ] {
            let message = decode(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn nothing_decodes_to_nothing() {
        assert_eq!(decode(" \n"), Ok(Vec::new()));
    }

    #[test]
    fn spaces_that_were_a_plus_are_told_from_spaces_between_lines() {
        for text in
            ["QUJD QUJD", "QUJDQUJDQUJD QUJDQUJDQUJD QUJD", "QUJD\r\n QUJD\r\n QU", "QU JD+", "Q U J D+"]
        {
            assert!(!has_spaces_for_plus(text), "{text}");
        }
        for text in ["QUJ QUJD", "QUJDQUJD QU QUJD", "QUJD QUJDQUJD", "Q U J D"] {
            assert!(has_spaces_for_plus(text), "{text}");
            assert!(decode(text).unwrap_err().message().contains("each of its + became a space"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_form_of_base64_comes_back_as_its_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 0..500), form in 0..4, line in 1_usize..80,
        ) {
            let text = match form {
                0 => BASE64_STANDARD.encode(&bytes),
                1 => BASE64_STANDARD_NO_PAD.encode(&bytes),
                2 => BASE64_URL_SAFE.encode(&bytes),
                _ => BASE64_URL_SAFE_NO_PAD.encode(&bytes),
            };
            let lines: Vec<&str> = text.as_bytes().chunks(line).map(|line| std::str::from_utf8(line).unwrap()).collect();
            prop_assert_eq!(decode(&lines.join("\r\n ")), Ok(bytes));
        }

        #[test]
        fn any_text_gives_bytes_or_a_reason(text in ".*") {
            let _ = decode(&text);
        }

        #[test]
        fn a_plus_that_became_a_space_is_never_taken_for_other_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 1200..1500),
        ) {
            let text = BASE64_STANDARD.encode(&bytes);
            let (mangled, first) = (text.replace('+', " "), text.find('+'));
            prop_assume!(first.is_some_and(|first| first % 4 != 0));
            prop_assert!(decode(&mangled).unwrap_err().message().contains("became a space"));
        }
    }
}

//! Base64 as it comes from everywhere: standard or URL-safe alphabet, with or without padding, white space ignored.

use std::borrow::Cow;

use base64_simd::forgiving_decode_to_vec;

use crate::error::FunctionError;

/// Decodes `text`.
///
/// # Errors
/// [`FunctionError::BadRequest`] that names the first character that is none of base64's, or says that the text was
/// cut off.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, FunctionError> {
    let digits = standard_digits(text);
    let mut decoded = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    decode_parts(&digits, &mut decoded)
        .ok_or_else(|| FunctionError::BadRequest(format!("the body is not base64: {}", reason(text))))?;
    Ok(decoded)
}

/// Digits that are decoded by one call. WasmEdge's compiler lets SIMD code take native stack in every round of a loop
/// and gives it back when the function returns: a loop over megabytes would use the stack up.
const PART: usize = 64 << 10;

fn decode_parts(digits: &str, decoded: &mut Vec<u8>) -> Option<()> {
    let mut parts = digits.as_bytes().chunks(PART).peekable();
    while let Some(part) = parts.next() {
        let bytes = decode_part(part)?;
        // Padding may stand at the end of the last part only.
        if parts.peek().is_some() && bytes.len() != PART / 4 * 3 {
            return None;
        }
        decoded.extend_from_slice(&bytes);
    }
    Some(())
}

#[inline(never)]
fn decode_part(digits: &[u8]) -> Option<Vec<u8>> {
    forgiving_decode_to_vec(digits).ok()
}

/// The text in the standard alphabet, without white space.
fn standard_digits(text: &str) -> Cow<'_, str> {
    let is_standard = |byte: u8| !byte.is_ascii_whitespace() && byte != b'-' && byte != b'_';
    if text.bytes().all(is_standard) {
        return text.into();
    }
    let digits = text.chars().filter(|character| !character.is_ascii_whitespace());
    let standard = digits.map(|character| match character {
        '-' => '+',
        '_' => '/',
        other => other,
    });
    standard.collect::<String>().into()
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
    use ::base64::Engine as _;
    use ::base64::prelude::{
        BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD,
    };
    use proptest::prelude::*;

    #[test]
    fn what_is_no_base64_is_named_with_its_place() {
        for (text, expected) in [
            ("AA*A", "found '*' at position 2"),
            ("QU JD\né", "found 'é' at position 6"),
            ("QUJDR", "it was cut off (5 characters leave one over)"),
            ("QQ=Q", "found '=' at position 2"),
            ("QUI===", "its end is damaged"),
        ] {
            let message = decode(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn what_is_longer_than_a_part_is_decoded_whole_and_padded_only_at_its_end() {
        let bytes: Vec<u8> = (0..PART * 2).map(|number| (number % 251) as u8).collect();
        for length in [PART / 4 * 3 - 1, PART / 4 * 3, PART / 4 * 3 + 1, PART * 2] {
            assert_eq!(decode(&BASE64_STANDARD.encode(&bytes[..length])).as_deref(), Ok(&bytes[..length]));
            assert_eq!(
                decode(&BASE64_URL_SAFE_NO_PAD.encode(&bytes[..length])).as_deref(),
                Ok(&bytes[..length])
            );
        }
        let padded_within = BASE64_STANDARD.encode(&bytes[..PART / 4 * 3 - 1]) + "QUJD";
        assert!(decode(&padded_within).is_err());
    }

    #[test]
    fn nothing_decodes_to_nothing() {
        assert_eq!(decode(" \n"), Ok(Vec::new()));
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
    }
}

//! Base64 as it comes from everywhere: standard or URL-safe alphabet, with or without padding, white space ignored.

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
/// [`FunctionError::BadRequest`] that names the first character that is none of base64's, or says that the text was
/// cut off.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, FunctionError> {
    standard(text.as_bytes())
        .or_else(|_| standard(standard_digits(text).as_bytes()))
        .map_err(|_| FunctionError::BadRequest(format!("the body is not base64: {}", reason(text))))
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

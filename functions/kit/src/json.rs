//! Repairs JSON with raw control characters in its strings, as shell commands make it.

use std::fmt::Write as _;

/// The text with raw control characters in its strings escaped: what `"$(base64 photo.jpg)"` of a shell leaves, whose
/// base64 has line breaks. None where there are none, so that the text is broken otherwise.
pub(crate) fn with_escaped_controls(text: &str) -> Option<String> {
    let mut escaped = String::with_capacity(text.len() + text.len() / 64);
    let (mut in_string, mut after_backslash, mut changed) = (false, false, false);
    for character in text.chars() {
        if in_string && character < ' ' {
            // Writing to a String can't fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            changed = true;
            continue;
        }
        match character {
            '"' if !after_backslash => in_string = !in_string,
            _ => {}
        }
        after_backslash = in_string && character == '\\' && !after_backslash;
        escaped.push(character);
    }
    changed.then_some(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_strings_are_touched() {
        assert_eq!(
            with_escaped_controls("{\n\"a\": \"b\nc\\\"\td\"\n}").as_deref(),
            Some("{\n\"a\": \"b\\u000ac\\\"\\u0009d\"\n}")
        );
        assert_eq!(with_escaped_controls("{\n\"a\": \"b\"}"), None);
    }

    proptest! {
        #[test]
        fn a_text_between_quotes_is_read_as_it_stands(text in "[ -!#-\\[\\]-~\r\n\t\u{0}é]{0,60}") {
            let json = format!("\"{text}\"");
            let escaped = with_escaped_controls(&json).unwrap_or(json);
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}

//! Forms in one line (`application/x-www-form-urlencoded`): `image=…&note=…`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Longer names are none: base64 may have `=` at its end, too.
const MAX_NAME_BYTES: usize = 64;

/// A name and its value.
pub(crate) type Pair<'t> = (&'t str, Cow<'t, [u8]>);

/// Names and values, where `text` is such a form. `%XX` are decoded; `+` stays, because who forgets to encode base64
/// leaves it bare, and no picture has a space.
pub(crate) fn pairs(text: &str) -> Option<Vec<Pair<'_>>> {
    let pairs = text.trim().split('&').filter(|pair| !pair.is_empty());
    let pairs: Option<Vec<_>> = pairs.map(pair).collect();
    pairs.filter(|pairs| !pairs.is_empty())
}

fn pair(text: &str) -> Option<Pair<'_>> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.%[]+*".contains(&byte);
    let fits = !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.bytes().all(is_name);
    fits.then(|| (name, percent_decode_str(value).into()))
}

/// The bytes that a text with `%XX` stands for; None where it has none.
pub(crate) fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    match Cow::from(percent_decode_str(text)) {
        Cow::Borrowed(_) => None,
        Cow::Owned(bytes) => Some(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    #[test]
    fn values_are_decoded_and_a_bare_plus_stays() {
        let found = pairs("note=a%20b&image=%2F9j%2F+A%3D%3D&empty=&flag\n").unwrap();
        let found: Vec<(&str, &[u8])> = found.iter().map(|(name, value)| (*name, &value[..])).collect();
        assert_eq!(found, [("note", &b"a b"[..]), ("image", b"/9j/+A=="), ("empty", b""), ("flag", b"")]);
    }

    #[test]
    fn what_has_no_names_is_no_form() {
        let long = "A".repeat(100) + "=";
        for text in ["", "&&", "=x", "a b=c", "{\"a\": \"b=c\"}", "data:image/png;base64,AA==", &long] {
            assert_eq!(pairs(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec(".{0,20}", 1..5)) {
            let encoded = values.iter().map(|value| format!("v={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
            let text = encoded.collect::<Vec<_>>().join("&");
            let found = pairs(&text).unwrap();
            prop_assert!(found.iter().map(|(_, value)| &value[..]).eq(values.iter().map(|value| value.as_bytes())));
        }

        #[test]
        fn any_text_is_a_form_or_none(text in "[ -~é]{0,40}") {
            let _ = (pairs(&text), percent_decoded(&text));
        }
    }
}

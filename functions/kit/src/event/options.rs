//! Options of a function: one way to read them, wherever they come from.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Event;
use crate::error::FunctionError;

impl Event<'_> {
    /// An option of the function, such as `size`: the query parameter of an HTTP event, the field of a bare JSON event, or else what the
    /// function was started with (`vision run --query 'size=1024'`, `VISION_QUERY`).
    pub fn option(&self, name: &str) -> Option<&str> {
        self.own_option(name).or_else(|| self.settings.get(name))
    }

    /// The same for an option that is a number.
    ///
    /// # Errors
    /// `bad_request` names what was found and what is accepted.
    pub fn number<N: FromStr + PartialOrd + Display>(
        &self,
        name: &str,
        accepted: RangeInclusive<N>,
    ) -> Result<Option<N>, FunctionError> {
        let Some(text) = self.option(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| accepted.contains(number));
        let refused = || {
            let (least, most) = (accepted.start(), accepted.end());
            FunctionError::bad_request(format!(
                "{name} is {:?}, accepted are {least} to {most}",
                shortened(text)
            ))
        };
        number.map(Some).ok_or_else(refused)
    }

    /// The same for an option that is one of some words.
    ///
    /// # Errors
    /// `bad_request` names what was found and what is accepted.
    pub fn choice<T: Copy>(&self, name: &str, accepted: &[(&str, T)]) -> Result<Option<T>, FunctionError> {
        let Some(text) = self.option(name) else { return Ok(None) };
        let chosen = accepted.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        let refused = || {
            let words: Vec<&str> = accepted.iter().map(|(word, _)| *word).collect();
            let found = shortened(text);
            FunctionError::bad_request(format!("{name} is {found:?}, accepted are {}", words.join(", ")))
        };
        chosen.map(|(_, value)| Some(*value)).ok_or_else(refused)
    }

    /// What the event itself says.
    pub(super) fn own_option(&self, name: &str) -> Option<&str> {
        self.query(name).or_else(|| self.fields.get(name))
    }
}

/// As much of a text as a message quotes.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use crate::event::Texts;
    use crate::{Event, Language};

    fn parse(text: &str) -> Event<'_> {
        Event::parse(text).unwrap_or_else(|failure| panic!("{text}: {failure}"))
    }

    #[test]
    fn fields_of_a_bare_event_are_options() {
        let event = parse(
            r#"{"size": 1024, "background": "blur", "sharp": true, "sizes": [160, "480"], "share": 0.5, "none": null,
                "deep": {"size": 1}, "body": "QUJD", "size": 2}"#,
        );
        for (name, expected) in [
            ("size", Some("1024")),
            ("background", Some("blur")),
            ("sharp", Some("true")),
            ("sizes", Some("160,480")),
            ("share", Some("0.5")),
            ("none", None),
            ("deep", None),
            ("body", None),
        ] {
            assert_eq!(event.option(name), expected, "{name}");
        }
        assert_eq!(parse(r#"{"body": "QUJD", "lang": "zh"}"#).wanted_language(), Language::Chinese);
    }

    #[test]
    fn what_a_gateway_writes_beside_a_request_is_no_option() {
        let event = parse(r#"{"httpMethod": "POST", "size": 9, "queryString": {"fit": "cover"}}"#);
        assert_eq!((event.option("size"), event.option("fit")), (None, Some("cover")));
    }

    #[test]
    fn what_the_event_says_comes_before_what_the_function_was_started_with() {
        let settings = Texts::of_query("size=512&lang=zh&note=a%20b+c");
        for (event, size) in [
            (r#"{"httpMethod": "POST", "queryString": "size=9"}"#, "9"),
            (r#"{"size": 8}"#, "8"),
            ("{}", "512"),
            (r#"{"httpMethod": "POST", "headers": {"size": "7"}}"#, "512"),
        ] {
            assert_eq!(parse(event).with_settings(&settings).option("size"), Some(size), "{event}");
        }
        let event = Event::of_body(b"").with_settings(&settings);
        assert_eq!((event.option("size"), event.option("note")), (Some("512"), Some("a b c")));
        assert_eq!((event.option("x"), event.wanted_language()), (None, Language::Chinese));
        let asks_for_english = parse(r#"{"httpMethod": "POST", "headers": {"accept-language": "en"}}"#);
        assert_eq!(asks_for_english.with_settings(&settings).wanted_language(), Language::English);
    }

    #[test]
    fn options_are_read_as_numbers_and_words_or_refused_with_what_is_accepted() {
        let event = parse(r#"{"size": 1024, "share": "0.25", "fit": "Cover", "bad": "big"}"#);
        assert_eq!(event.number("size", 16..=4096_u32), Ok(Some(1024)));
        assert_eq!(event.number("share", 0.0..=1.0), Ok(Some(0.25)));
        assert_eq!(event.number("none", 1..=2), Ok(None));
        let fits = [("inside", 1), ("cover", 2)];
        assert_eq!((event.choice("fit", &fits), event.choice("none", &fits)), (Ok(Some(2)), Ok(None)));
        let message = |result: Result<Option<u32>, crate::FunctionError>| result.unwrap_err().to_string();
        assert_eq!(message(event.number("bad", 1..=9)), "bad is \"big\", accepted are 1 to 9");
        assert_eq!(message(event.number("size", 1..=9)), "size is \"1024\", accepted are 1 to 9");
        assert_eq!(message(event.choice("bad", &fits)), "bad is \"big\", accepted are inside, cover");
    }

    #[test]
    fn a_field_that_no_text_can_be_made_of_costs_no_event() {
        for field in ["1e999", r#""\ud800""#, &"[".repeat(300), "{\"a\": 1e999}"] {
            let closed = "]".repeat(field.matches('[').count());
            let text = format!(r#"{{"x": {field}{closed}, "body": "QUJD"}}"#);
            assert_eq!(parse(&text).option("x"), None, "{text}");
        }
    }
}

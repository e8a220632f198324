//! What a function says of itself, in a custom section of its module: a service with several functions tells its callers and
//! its page by it what each of them is for.
//!
//! ```json
//! {"answers": "picture", "title": {"en": "Cut out", "zh": "抠图"}}
//! ```

use serde::{Deserialize, Serialize};

/// The section's name.
pub const SECTION: &str = "wasm-vision";

/// Bytes that it may have.
pub const MAX_BYTES: usize = 4096;

/// Letters of a title.
const MAX_LETTERS: usize = 60;

/// What a function says of itself.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct About {
    /// What it answers a picture with.
    pub answers: Answers,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
}

/// What a function answers a picture with.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answers {
    /// The things that it may show, with probabilities.
    Labels,
    /// Another picture.
    Picture,
    /// Something else, or nobody said.
    #[default]
    Other,
}

impl Answers {
    /// Its name, as in the section.
    pub fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Picture => "picture",
            Self::Other => "other",
        }
    }
}

/// What people call a function: a word or two.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Title {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl About {
    /// Reads the section of a module that nobody vouches for.
    ///
    /// # Errors
    /// What was found, and what is accepted.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        if json.len() > MAX_BYTES {
            return Err(format!("it has {} bytes, accepted are up to {MAX_BYTES}", json.len()));
        }
        let about: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        about.check()?;
        Ok(about)
    }

    /// The section's content.
    ///
    /// # Errors
    /// What nobody could read again, as [`About::from_json`] says it.
    pub fn to_json(&self) -> Result<String, String> {
        self.check()?;
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    fn check(&self) -> Result<(), String> {
        let titles = self.title.iter().flat_map(|title| [&title.en, &title.zh]);
        for title in titles {
            let letters = title.chars().count();
            if !(1..=MAX_LETTERS).contains(&letters) || title.chars().any(char::is_control) {
                return Err(format!(
                    "the title is {title:?}, accepted are 1 to {MAX_LETTERS} letters in one line"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let title = Some(Title { en: "Cut out".to_owned(), zh: "抠图".to_owned() });
        for answers in [Answers::Labels, Answers::Picture, Answers::Other] {
            for title in [None, title.clone()] {
                let about = About { answers, title };
                let json = about.to_json().unwrap();
                assert!(json.contains(answers.name()), "{json}");
                assert_eq!(About::from_json(json.as_bytes()), Ok(about));
            }
        }
    }

    #[test]
    fn fields_of_later_versions_are_skipped() {
        let about = About::from_json(br#"{"answers": "labels", "colour": {"a": [1]}}"#).unwrap();
        assert_eq!(about, About { answers: Answers::Labels, title: None });
    }

    #[test]
    fn what_a_stranger_may_write_is_refused_and_not_shown() {
        let long = format!(r#"{{"answers": "labels", "title": {{"en": "{}", "zh": "x"}}}}"#, "x".repeat(61));
        let huge = format!(r#"{{"answers": "labels"{}}}"#, " ".repeat(MAX_BYTES));
        for json in [
            "",
            "{}",
            "[]",
            r#"{"answers": "everything"}"#,
            r#"{"answers": "labels", "title": {"en": "x"}}"#,
            r#"{"answers": "labels", "title": {"en": "", "zh": "x"}}"#,
            r#"{"answers": "labels", "title": {"en": "two\nlines", "zh": "x"}}"#,
            &long,
            &huge,
        ] {
            assert!(About::from_json(json.as_bytes()).is_err(), "{json}");
        }
    }
}

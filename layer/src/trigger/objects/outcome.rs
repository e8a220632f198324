//! What became of one object that a notification told of.

use serde::Serialize;

/// What became of one object. These all end an invocation well: sending it again would change nothing.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(super) enum Outcome {
    /// The labels were written.
    Labelled { output: String },
    /// They were there already, for the same version of the picture.
    AlreadyLabelled { output: String },
    /// Files were made of it.
    Made { outputs: Vec<String> },
    /// They were there already, for the same version of the picture.
    AlreadyMade { outputs: Vec<String> },
    /// The module has no labels for this object; the reason was written where the labels would be.
    Refused { output: String, reason: String },
    /// The object is larger than an event can carry; said so where the labels would be.
    TooLarge { output: String, reason: String },
    /// Another picture is under this key by now, of which another event tells.
    Superseded,
    /// The object was deleted or renamed before we came.
    Gone,
    /// It is what a bucket's console makes for a folder: an empty object whose key ends in a slash.
    Folder,
    /// It is our own output.
    OwnOutput,
    /// The event tells of something else than a new object.
    NotACreation { event: String },
    /// The record does not say which object it is about, or of one that nothing can be written beside.
    Unreadable { reason: String },
}

/// The same in an answer, with the object's key as the event has it.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) key: &'a str,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

/// Letters of a key that are told: storages take up to 1,024 bytes, but a notification may say anything.
const MAX_SHOWN: usize = 1_024;

/// A key, or the start of what can't be one.
pub(super) fn shown(key: &str) -> String {
    let cut = if key.chars().nth(MAX_SHOWN).is_some() { "…" } else { "" };
    key.chars().take(MAX_SHOWN).chain(cut.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_can_t_be_one_is_told_in_part() {
        assert_eq!(shown("in/番茄.jpg"), "in/番茄.jpg");
        assert_eq!(shown(&"番".repeat(MAX_SHOWN)), "番".repeat(MAX_SHOWN));
        assert_eq!(shown(&"番".repeat(250_000)).chars().count(), MAX_SHOWN + 1);
    }

    #[test]
    fn reports_say_the_outcome_in_one_word() {
        let report = Report { key: "in/cat.jpg", outcome: Outcome::Gone };
        assert_eq!(serde_json::json!(report).to_string(), r#"{"key":"in/cat.jpg","outcome":"gone"}"#);
    }
}

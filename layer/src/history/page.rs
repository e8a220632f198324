//! Which entries are asked for, and what comes of it.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::entry::{Entry, Seen};

/// Where a page ends. Only the store that made it knows what it says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    pub(super) fn new(text: impl Display) -> Self {
        Self(text.to_string())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// A text that is looked for in labels, in upper or lower case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Search(String);

impl Search {
    /// A search for `text`, without the space around it; None where nothing is left to look for.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        (!text.is_empty()).then_some(Self(text))
    }

    /// What is looked for, in lower case.
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// What a [`Search`] looks through: the labels in lower case, one a line.
pub(super) fn searched(predictions: &[Seen]) -> String {
    predictions.iter().map(|seen| seen.label.to_lowercase()).collect::<Vec<_>>().join("\n")
}

/// Which entries are asked for.
#[derive(Clone, Debug, Default)]
pub struct PageQuery {
    /// How many.
    pub limit: u32,
    /// Only those after the page that ended here, which are older.
    pub after: Option<Cursor>,
    /// Only those that this is found in.
    pub search: Option<Search>,
}

/// Entries, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where it ends, if there are older ones.
    pub next: Option<Cursor>,
}

//! What is kept of a recognition.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use uuid::Uuid;

use worker::answer::Thumbnail;

/// An entry's name: a UUID of version 7, so that names sort by time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = Uuid)]
pub struct EntryId(Uuid);

impl EntryId {
    /// A name that sorts after those that this process gave before.
    pub fn now() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for EntryId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|error| format!("{text:?} is no entry: {error}"))
    }
}

impl TryFrom<String> for EntryId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.to_string()
    }
}

/// A recognition that is to be kept.
#[derive(Debug)]
pub struct NewEntry {
    /// A small copy of the picture, which a worker makes.
    pub thumbnail: oneshot::Receiver<Result<Thumbnail, String>>,
    /// The model that was asked, where it is known.
    pub model: Option<String>,
    /// The likeliest labels.
    pub predictions: Vec<Seen>,
}

/// A label that was seen.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Seen {
    /// The label, in the language of the answer.
    #[schema(example = "Vine tomato")]
    pub label: String,
    /// The label's number in the model; null where the answer was plain text.
    #[schema(required, example = 79)]
    pub index: Option<u32>,
    /// How likely it is.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.64)]
    pub probability: f64,
}

/// A recognition that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub id: EntryId,
    /// When it was answered.
    pub time: SystemTime,
    /// The model that was asked, where it is known.
    pub model: Option<String>,
    /// The likeliest labels.
    pub predictions: Vec<Seen>,
    /// Of the picture as it came, in hexadecimal digits.
    pub sha256: String,
}

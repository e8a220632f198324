//! Where labels go, and how they get there once: what is already there is only replaced by the labels of a newer picture.

use std::cmp::Ordering;
use std::time::Instant;

use bytes::Bytes;

use super::address::ObjectAddress;
use super::client::{Ask, Storage, StorageError};
use super::outcome::Outcome;
use super::service::{Created, Service};

/// Appended to a picture's key; what ends so is never looked at, or writing it would start the function again.
const LABELS_SUFFIX: &str = ".labels.json";

/// Bytes that a key may have.
const MAX_KEY_BYTES: usize = 1024;

/// Attempts at a file that others write, too.
const ATTEMPTS: u32 = 5;

/// What the file of labels keeps of the picture: its version, and the place of its event among others; and its own sum, by
/// which labels of another model are told.
const SOURCE: &str = "vision-source";
const SEQUENCER: &str = "vision-sequencer";
const SUM: &str = "vision-sum";

/// Where the labels go.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Another bucket than the picture's.
    pub bucket: Option<String>,
    /// Put before the picture's key.
    pub prefix: String,
}

impl Output {
    /// The file for an object's labels.
    pub(in crate::trigger) fn of(&self, source: &ObjectAddress) -> ObjectAddress {
        ObjectAddress {
            bucket: self.bucket.clone().unwrap_or_else(|| source.bucket.clone()),
            region: source.region.clone(),
            key: format!("{}{}{LABELS_SUFFIX}", self.prefix, source.key),
        }
    }

    /// Whether there can be such a file.
    ///
    /// # Errors
    /// Its key would be too long.
    pub(super) fn check(&self, source: &ObjectAddress) -> Result<(), String> {
        let length = self.of(source).key.len();
        if length <= MAX_KEY_BYTES {
            return Ok(());
        }
        Err(format!("the key of the labels would have {length} bytes, storages take up to {MAX_KEY_BYTES}"))
    }
}

/// Whether an object is our own output.
pub(super) fn is_labels(key: &str) -> bool {
    key.ends_with(LABELS_SUFFIX)
}

/// Which picture labels belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// The version, or what the contents are called; empty where the storage tells neither.
    pub(super) version: String,
    sequencer: Option<String>,
}

impl Identity {
    /// By what a record says, or else by what came with the object.
    pub(super) fn of(created: &Created, fetched: Option<String>) -> Self {
        let Created { version, etag, sequencer, .. } = created;
        let version = version.clone().or(fetched).or_else(|| etag.clone()).unwrap_or_default();
        Self { version, sequencer: sequencer.clone() }
    }

    /// Whether this is older than the picture of which the sequencer is `other`.
    fn is_older_than(&self, other: Option<&str>) -> bool {
        let (Some(own), Some(other)) = (self.sequencer.as_deref(), other) else { return false };
        // The shorter one is filled up on its right side.
        let width = own.len().max(other.len());
        format!("{own:0<width$}").cmp(&format!("{other:0<width$}")) == Ordering::Less
    }
}

/// What became of a file of labels.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was written; with its bucket and key.
    New(String),
    /// It was there, for the same picture.
    Already(String),
    /// It has the labels of a newer picture, and stays.
    Superseded,
}

impl Written {
    pub(super) fn outcome(self, new: impl FnOnce(String) -> Outcome) -> Outcome {
        match self {
            Self::New(output) => new(output),
            Self::Already(output) => Outcome::AlreadyLabelled { output },
            Self::Superseded => Outcome::Superseded,
        }
    }
}

/// Writes labels to `target`.
pub(super) async fn write<S: Service>(
    storage: &Storage<S>,
    target: &ObjectAddress,
    json: Bytes,
    identity: &Identity,
    credentials: &S::Credentials,
    deadline: Instant,
) -> Result<Written, StorageError> {
    let name = format!("{}/{}", target.bucket, target.key);
    let plain = || Ask::write(target, "application/json", json.clone());
    if !S::CONDITIONAL || identity.version.is_empty() {
        return storage.ask(&plain(), credentials, deadline).await.map(|_| Written::New(name));
    }
    let header = |field: &str| format!("{}{field}", S::METADATA);
    let sum = hex::encode(ring::digest::digest(&ring::digest::SHA256, &json).as_ref());
    let whole = || {
        let ask = plain().header(header(SOURCE), &identity.version).header(header(SUM), &sum);
        identity.sequencer.iter().fold(ask, |ask, sequencer| ask.header(header(SEQUENCER), sequencer))
    };
    let mut condition = ("if-none-match", "*".to_owned());
    for _ in 0..ATTEMPTS {
        let ask = whole().header(condition.0, &condition.1);
        match storage.ask(&ask, credentials, deadline).await {
            Ok(_) => return Ok(Written::New(name)),
            Err(StorageError::Changed { .. }) => {}
            // There are storages without conditions.
            Err(StorageError::Status { status: 501, .. }) => {
                return storage.ask(&whole(), credentials, deadline).await.map(|_| Written::New(name));
            }
            Err(error) => return Err(error),
        }
        let there = match storage.ask(&Ask::look(target), credentials, deadline).await {
            Ok(there) => there,
            Err(StorageError::NotFound) => {
                condition = ("if-none-match", "*".to_owned());
                continue;
            }
            Err(error) => return Err(error),
        };
        let has = |field: &str, value: &str| there.header(&header(field)).is_some_and(|found| found == value);
        if has(SOURCE, &identity.version) && has(SUM, &sum) {
            return Ok(Written::Already(name));
        }
        if identity.is_older_than(there.header(&header(SEQUENCER)).as_deref()) {
            return Ok(Written::Superseded);
        }
        condition = ("if-match", format!("\"{}\"", there.etag().unwrap_or_default()));
    }
    Err(StorageError::Changed { action: "write", object: name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(key: &str) -> ObjectAddress {
        ObjectAddress { bucket: "photos".into(), region: "r".into(), key: key.to_owned() }
    }

    #[test]
    fn labels_go_beside_the_picture_or_where_they_were_told_to() {
        assert_eq!(Output::default().of(&source("in/a.jpg")).key, "in/a.jpg.labels.json");
        let elsewhere = Output { bucket: Some("labels".into()), prefix: "by/".into() };
        let target = elsewhere.of(&source("in/a.jpg"));
        assert_eq!((target.bucket.as_str(), target.key.as_str()), ("labels", "by/in/a.jpg.labels.json"));
        assert!(is_labels(&target.key) && !is_labels("in/a.jpg"));
    }

    #[test]
    fn a_key_that_leaves_no_room_for_the_ending_is_refused() {
        let longest = MAX_KEY_BYTES - LABELS_SUFFIX.len();
        assert_eq!(Output::default().check(&source(&"k".repeat(longest))), Ok(()));
        let reason = Output::default().check(&source(&"k".repeat(longest + 1))).unwrap_err();
        assert_eq!(reason, "the key of the labels would have 1025 bytes, storages take up to 1024");
    }

    #[test]
    fn the_later_event_has_the_greater_sequencer() {
        let identity = |sequencer: &str| Identity { version: "v".into(), sequencer: Some(sequencer.into()) };
        assert!(identity("0055AED6DCD90281E5").is_older_than(Some("0055AED6DCD90281E6")));
        assert!(identity("0055").is_older_than(Some("00551")));
        assert!(!identity("0055AE").is_older_than(Some("0055AE")));
        assert!(!identity("01").is_older_than(Some("0055AE")));
        assert!(!identity("01").is_older_than(None));
        assert!(!Identity::default().is_older_than(Some("01")));
    }

    #[test]
    fn a_version_is_named_by_the_record_or_else_by_the_object() {
        let created = |version: Option<&str>| Created {
            version: version.map(str::to_owned),
            etag: Some("e".into()),
            ..Created::at(source("a.jpg"))
        };
        assert_eq!(Identity::of(&created(Some("v")), Some("f".into())).version, "v");
        assert_eq!(Identity::of(&created(None), Some("f".into())).version, "f");
        assert_eq!(Identity::of(&created(None), None).version, "e");
        assert_eq!(Identity::of(&Created::at(source("a.jpg")), None).version, "");
    }
}

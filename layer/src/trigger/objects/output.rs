//! Where labels and other results go, and how they get there once: what is already there is only replaced by the results of a newer
//! picture.

use std::cmp::Ordering;
use std::time::Instant;

use bytes::Bytes;
use contract::file;
use thiserror::Error;

use super::address::ObjectAddress;
use super::client::{Ask, Received, Storage, StorageError};
use super::outcome::Outcome;
use super::service::{Created, Service};

/// The word in the names of files of labels, and of whatever has no name of its own.
const LABELS: &str = "labels";

/// Words in the names of results of this project's functions; `thumb-160` begins with one.
const KNOWN_NAMES: [&str; 6] = [LABELS, "cutout", "mask", "thumb", "thumbnail", "result"];

/// The endings of pictures, in lower case.
const PICTURES: [&str; 3] = ["jpg", "jpeg", "png"];

/// Bytes that a key may have.
const MAX_KEY_BYTES: usize = 1024;

/// Attempts at a file that others write, too.
const ATTEMPTS: u32 = 5;

/// What a result keeps of the picture: its version, and the place of its event among others; and its own sum, by which
/// results of another model are told. What has the first is a result, and no picture of somebody.
const SOURCE: &str = "vision-source";
const SEQUENCER: &str = "vision-sequencer";
const SUM: &str = "vision-sum";

/// Where results go.
#[derive(Clone, Debug, Default)]
pub struct Output {
    bucket: Option<String>,
    prefix: String,
    name: Option<String>,
}

/// A word that can't be in a key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the name of results is {0:?}, accepted are up to 32 letters, digits, - and _")]
pub struct NameError(String);

impl Output {
    /// Into `bucket`, or the picture's own; `prefix` is put before the picture's key. `name` is the word in the names of results, in
    /// place of the function's own.
    ///
    /// # Errors
    /// A name that can't be in a key.
    pub fn new(bucket: Option<String>, prefix: String, name: &str) -> Result<Self, NameError> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.len() > 32 || !name.bytes().all(is_letter) {
            return Err(NameError(name.chars().take(64).collect()));
        }
        Ok(Self { bucket, prefix, name: (!name.is_empty()).then(|| name.to_owned()) })
    }

    /// The file for an object's labels, or for the reason why there are none.
    pub(in crate::trigger) fn of(&self, source: &ObjectAddress) -> ObjectAddress {
        self.file(source, &format!(".{}.json", self.name.as_deref().unwrap_or(LABELS)))
    }

    /// The file that tells why there is no result; `told` is the ending that the module gives it.
    pub(super) fn refusal(&self, source: &ObjectAddress, told: Option<&str>) -> ObjectAddress {
        match told.filter(|told| file::is_suffix(told)) {
            Some(told) => self.file(source, &self.suffix(told)),
            None => self.of(source),
        }
    }

    /// The ending of a result: the module's own, with the name that was set in place of its first word.
    pub(super) fn suffix(&self, told: &str) -> String {
        let Some(name) = &self.name else { return told.to_owned() };
        let words = told.trim_start_matches('.');
        let rest = words.find(['.', '-']).and_then(|end| words.get(end..)).unwrap_or_default();
        format!(".{name}{rest}")
    }

    /// The file with this ending.
    pub(super) fn file(&self, source: &ObjectAddress, suffix: &str) -> ObjectAddress {
        ObjectAddress {
            bucket: self.bucket.clone().unwrap_or_else(|| source.bucket.clone()),
            region: source.region.clone(),
            key: format!("{}{}{suffix}", self.prefix, source.key),
        }
    }

    /// Whether there can be such a file.
    ///
    /// # Errors
    /// Its key would be too long.
    pub(super) fn check(&self, source: &ObjectAddress) -> Result<(), String> {
        check_key(&self.of(source))
    }

    /// Whether a key is one that results have, so that it needs not be read: what it would be a result of is a picture by its name.
    /// Results of pictures without an ending, and of other people's functions, are told by [`is_result`].
    pub(super) fn is_own(&self, key: &str) -> bool {
        let name = self.name.as_deref().unwrap_or(LABELS);
        if [LABELS, name].iter().any(|name| key.ends_with(&format!(".{name}.json"))) {
            return true;
        }
        let mut words = key.rsplit('.');
        let (Some(_), Some(word), Some(picture)) = (words.next(), words.next(), words.next()) else {
            return false;
        };
        let before_size = word.rsplit_once('-').map_or(word, |(before, _)| before);
        let is_name = [word, before_size].iter().any(|word| KNOWN_NAMES.contains(word) || *word == name);
        let is_picture = PICTURES.iter().any(|ending| picture.eq_ignore_ascii_case(ending));
        is_picture && words.next().is_some() && is_name
    }
}

/// Whether there can be an object with this key.
///
/// # Errors
/// It is too long.
pub(super) fn check_key(target: &ObjectAddress) -> Result<(), String> {
    let length = target.key.len();
    if length <= MAX_KEY_BYTES {
        return Ok(());
    }
    Err(format!("the key of the labels would have {length} bytes, storages take up to {MAX_KEY_BYTES}"))
}

/// Whether an object that was read is a result of ours, by what is kept with it.
pub(super) fn is_result<S: Service>(received: &Received) -> bool {
    received.header(&format!("{}{SOURCE}", S::METADATA)).is_some()
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

/// What is written.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// What became of a result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It was written; with its bucket and key.
    New(String),
    /// It was there, for the same picture.
    Already(String),
    /// It is of a newer picture, and stays.
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

/// Writes a result to `target`.
pub(super) async fn write<S: Service>(
    storage: &Storage<S>,
    target: &ObjectAddress,
    Content { content_type, bytes }: Content,
    identity: &Identity,
    credentials: &S::Credentials,
    deadline: Instant,
) -> Result<Written, StorageError> {
    let name = format!("{}/{}", target.bucket, target.key);
    let header = |field: &str| format!("{}{field}", S::METADATA);
    let sum = hex::encode(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref());
    let source = if identity.version.is_empty() { "unknown" } else { &identity.version };
    let whole = || {
        let ask = Ask::write(target, &content_type, bytes.clone());
        let ask = ask.header(header(SOURCE), source).header(header(SUM), &sum);
        identity.sequencer.iter().fold(ask, |ask, sequencer| ask.header(header(SEQUENCER), sequencer))
    };
    if !S::CONDITIONAL || identity.version.is_empty() {
        return storage.ask(&whole(), credentials, deadline).await.map(|_| Written::New(name));
    }
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
        let elsewhere = Output::new(Some("labels".into()), "by/".into(), "").unwrap();
        let target = elsewhere.of(&source("in/a.jpg"));
        assert_eq!((target.bucket.as_str(), target.key.as_str()), ("labels", "by/in/a.jpg.labels.json"));
        assert!(elsewhere.is_own(&target.key) && !elsewhere.is_own("in/a.jpg"));
    }

    #[test]
    fn results_bear_the_modules_name_or_the_one_that_was_set() {
        let (own, set) = (Output::default(), Output::new(None, String::new(), "small").unwrap());
        for (told, expected) in
            [(".cutout.png", ".small.png"), (".thumb-160.jpg", ".small-160.jpg"), (".x", ".small")]
        {
            assert_eq!((own.suffix(told).as_str(), set.suffix(told).as_str()), (told, expected));
        }
        let refusal = |output: &Output, told| output.refusal(&source("a.jpg"), told).key;
        assert_eq!(refusal(&own, Some(".cutout.json")), "a.jpg.cutout.json");
        assert_eq!(refusal(&own, None), "a.jpg.labels.json");
        assert_eq!(refusal(&own, Some("/../x")), "a.jpg.labels.json");
        assert_eq!(refusal(&set, Some(".cutout.json")), "a.jpg.small.json");
        assert_eq!(refusal(&set, None), "a.jpg.small.json");
        for name in ["a/b", "a.b", "é", &"n".repeat(33)] {
            let error = Output::new(None, String::new(), name).unwrap_err().to_string();
            assert!(error.contains("accepted are up to 32 letters"), "{error}");
        }
    }

    #[test]
    fn what_any_function_made_of_a_picture_is_no_picture_of_somebody() {
        let output = Output::new(None, String::new(), "small").unwrap();
        for key in [
            "in/a.jpg.labels.json",
            "a.jpg.cutout.png",
            "a.JPG.thumb-160.jpg",
            "x/a.jpeg.small-480.jpg",
            "a.png.small.json",
            "a.jpg.cutout.png.thumb-160.jpg",
            "a.jpg.result.png",
            "a.small.json",
        ] {
            assert!(output.is_own(key), "{key}");
        }
        for key in
            ["a.jpg", "cutout.png", "me.cutout.png", "a.jpg.copy.jpg", "my.photo.jpg", "jpg.cutout.png", ""]
        {
            assert!(!output.is_own(key), "{key}");
        }
    }

    #[test]
    fn a_key_that_leaves_no_room_for_the_ending_is_refused() {
        let longest = MAX_KEY_BYTES - ".labels.json".len();
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

//! Objects put into a bucket: fetch, let the handler answer, write the labels beside; keep them in the history and tag the
//! picture where that was asked for.
//!
//! What differs between storages is a [`Service`]: the form of notifications, and the signature of requests.
//!
//! A notification that failed is sent again, and some come twice anyway, so everything here may happen several times, also at
//! the same time and in another order: the same picture gives the same bytes under the same key, an older one does not
//! replace a newer one's labels, and the history has an object's version once.

mod address;
mod client;
pub mod cos;
#[cfg(any(test, fuzzing))]
#[allow(clippy::expect_used, clippy::panic, reason = "a fuzz target fails by panicking")]
pub mod fuzzing;
mod labels;
mod listing;
mod made;
mod notification;
mod outcome;
mod output;
mod referred;
pub mod s3;
mod service;
mod tags;
mod uploads;

pub use address::{Endpoint, EndpointError, Location, ObjectAddress, Unaddressable};
pub use notification::Notification;
pub use output::{NameError, Output};
pub use referred::{Allowed, ReferredArgs};
pub use service::{Change, Created, Presigned, Record, Service, Signed, Unsigned, Upload};
pub use uploads::{UploadArgs, UploadError};

pub(super) use client::{Storage, StorageError};
pub(super) use listing::{BucketReader, Page};
pub(super) use referred::{Reference, ReferredError, ReferredObjects};

use client::Ask;
use labels::{LANGUAGE, Labels};
use made::{Made, MadeFile};
use outcome::Outcome;
pub(super) use uploads::{
    NewUpload, NewUploadJson, Refusal, UploadEvent, UploadProgress, UploadTicket, Uploads,
    none_here as no_uploads, upload_event,
};

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, Uri};
use bytes::Bytes;
use contract::ErrorCode;
use serde::Serialize;
use tracing::info;

use super::http_event;
use super::recognition::{PendingThumbnail, Recognized, new_entry};
use super::reply::Reply;
use crate::history::History;
use crate::pool::Handler;
use output::{Content, Identity, Written};

/// What else becomes of pictures than their labels.
#[derive(Debug, Default)]
pub struct Besides {
    /// Whether a picture is tagged with its likeliest label.
    pub tags: bool,
    /// Where recognitions are kept.
    pub history: Option<Arc<History>>,
}

/// Answers notifications.
#[derive(Debug)]
pub struct Labeller<S> {
    storage: Arc<Storage<S>>,
    output: Output,
    besides: Besides,
    uploads: Option<Uploads<S>>,
    object_limit: usize,
}

#[derive(Serialize)]
struct Report<'a> {
    key: &'a str,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Why the platform is to send a notification again: another attempt may help.
#[derive(Debug)]
struct SendAgain {
    reason: String,
}

impl From<StorageError> for SendAgain {
    fn from(error: StorageError) -> Self {
        Self { reason: error.to_string() }
    }
}

impl<S: Service> Labeller<S> {
    /// Labels objects of at most `object_limit` bytes.
    pub fn new(service: S, output: Output, besides: Besides, object_limit: usize) -> Self {
        Self { storage: Arc::new(Storage::new(service)), output, besides, uploads: None, object_limit }
    }

    /// The same with uploads into the same storage, if a bucket is named for them.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub fn with_uploads(
        mut self,
        arguments: &UploadArgs,
        check_bucket: impl FnOnce(&str) -> Result<(), String>,
    ) -> Result<Self, UploadError> {
        self.uploads = arguments.uploads(Arc::clone(&self.storage), self.output.clone(), check_bucket)?;
        Ok(self)
    }

    /// Whether there is a bucket for uploads.
    pub(super) fn has_uploads(&self) -> bool {
        self.uploads.is_some()
    }

    /// Answers a request about uploads, in the form of the gateway that it came through.
    pub(super) async fn answer_upload(&self, request: &UploadEvent) -> Reply {
        request.answer(self.uploads.as_ref()).await
    }

    /// The storage.
    pub fn service(&self) -> &S {
        &self.storage.service
    }

    /// Works through all records. One that fails does not keep the others from their labels, but fails the event, so that
    /// the platform sends it again.
    pub(super) async fn answer(
        &self,
        notification: &Notification,
        handler: &impl Handler,
        deadline: Instant,
    ) -> Reply {
        let credentials = match self.service().credentials().await {
            Ok(credentials) => credentials,
            Err(message) => return Reply::Failure { code: ErrorCode::Internal, message },
        };
        let call = Call { labeller: self, credentials, handler, deadline };
        let mut reports = Vec::new();
        let mut failures = Vec::new();
        for Record { key, change } in &notification.records {
            match call.label(change).await {
                Ok(outcome) => {
                    info!(key = shown(key), ?outcome, "object");
                    reports.push(Report { key, outcome });
                }
                Err(SendAgain { reason }) => failures.push(format!("{}: {reason}", shown(key))),
            }
        }
        if failures.is_empty() {
            Reply::Answer(serde_json::json!({ "records": reports }).to_string().into())
        } else {
            let code = if Instant::now() < deadline { ErrorCode::Internal } else { ErrorCode::Timeout };
            Reply::Failure { code, message: failures.join("; ") }
        }
    }

    /// Waits until all is closed that is kept open for pictures.
    pub(super) async fn finish(&self, deadline: tokio::time::Instant) {
        if let Some(history) = &self.besides.history {
            history.finish(deadline).await;
        }
    }
}

/// One notification on its way.
struct Call<'a, S: Service, H> {
    labeller: &'a Labeller<S>,
    credentials: S::Credentials,
    handler: &'a H,
    deadline: Instant,
}

/// An object that was read.
struct Fetched {
    bytes: Bytes,
    /// The version that a record did not name.
    identity: Option<String>,
    /// The language that its labels are wanted in.
    language: Option<String>,
    /// Whether a function wrote it.
    is_result: bool,
}

impl<S: Service, H: Handler> Call<'_, S, H> {
    async fn label(&self, change: &Change) -> Result<Outcome, SendAgain> {
        let mut created = match change {
            Change::Created(created) => created.clone(),
            Change::Unreadable(reason) => return Ok(Outcome::Unreadable { reason: reason.clone() }),
            Change::Other(event) => return Ok(Outcome::NotACreation { event: shown(event) }),
        };
        if let Some(outcome) = self.without_reading(&created).await? {
            return Ok(outcome);
        }
        let mut fetched = self.fetch(&created).await;
        if let (Err(StorageError::NotFound), Some(decoded)) = (&fetched, decoded(&created)) {
            created.address = decoded;
            if let Some(outcome) = self.without_reading(&created).await? {
                return Ok(outcome);
            }
            fetched = self.fetch(&created).await;
        }
        let object = match fetched {
            Ok(object) => object,
            Err(StorageError::NotFound) => return Ok(Outcome::Gone),
            Err(StorageError::Changed { .. }) => return Ok(Outcome::Superseded),
            Err(StorageError::TooLarge { found, .. }) => return self.too_large(&created, found).await,
            Err(error @ StorageError::Unaddressable(_)) => {
                return Ok(Outcome::Unreadable { reason: error.to_string() });
            }
            Err(error) => return Err(error.into()),
        };
        if object.is_result {
            return Ok(Outcome::OwnOutput);
        }
        if object.bytes.is_empty() && created.address.key.ends_with('/') {
            return Ok(Outcome::Folder);
        }
        self.recognize(&created, object).await
    }

    /// What a record alone decides.
    async fn without_reading(&self, created: &Created) -> Result<Option<Outcome>, SendAgain> {
        let Labeller { output, object_limit, .. } = self.labeller;
        let key = &created.address.key;
        if output.is_own(key) {
            return Ok(Some(Outcome::OwnOutput));
        }
        if let Err(reason) = output.check(&created.address) {
            return Ok(Some(Outcome::Unreadable { reason }));
        }
        match created.size {
            Some(0) if key.ends_with('/') => Ok(Some(Outcome::Folder)),
            Some(size) if size > *object_limit as u64 => self.too_large(created, size).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn fetch(&self, created: &Created) -> Result<Fetched, StorageError> {
        let Labeller { storage, object_limit, .. } = self.labeller;
        let mut ask =
            Ask::read(&created.address, *object_limit).query("versionId", created.version.as_deref());
        // The labels are to be those of the picture that the event tells of.
        if let (true, None, Some(etag)) = (S::CONDITIONAL, &created.version, &created.etag) {
            ask = ask.header("if-match", format!("\"{etag}\""));
        }
        let received = storage.ask(&ask, &self.credentials, self.deadline).await?;
        let is_language = |text: &String| {
            (1..=16).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        Ok(Fetched {
            identity: received
                .header(S::VERSION)
                .filter(|version| version != "null")
                .or_else(|| received.etag()),
            language: received.header(&format!("{}{LANGUAGE}", S::METADATA)).filter(is_language),
            is_result: output::is_result::<S>(&received),
            bytes: received.body,
        })
    }

    async fn recognize(&self, created: &Created, object: Fetched) -> Result<Outcome, SendAgain> {
        let Fetched { bytes, identity, language, .. } = object;
        let source = &created.address;
        let identity = Identity::of(created, identity);
        let event =
            event(&bytes, language.as_deref()).map_err(|error| SendAgain { reason: error.to_string() })?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        match Recognized::from_call(self.handler.call(event, Some(left)).await) {
            Recognized::Answered { said, thumbnail } => match Made::of(said) {
                Ok(Made::Labels(body)) => self.keep_labels(created, &identity, &body, thumbnail).await,
                Ok(Made::Files(files)) => self.keep_files(source, &identity, files).await,
                Err(reason) => Err(SendAgain { reason }),
            },
            Recognized::Refused { code, reason, suffix } => {
                let labels = Labels::without(source, &code, &reason);
                let target = self.labeller.output.refusal(source, suffix.as_deref());
                let written = self.write(&target, labels.content(), &identity).await?;
                Ok(written.outcome(|output| Outcome::Refused { output, reason }))
            }
            Recognized::Failed { reason, .. } => Err(SendAgain { reason }),
        }
    }

    async fn keep_labels(
        &self,
        created: &Created,
        identity: &Identity,
        answer: &Bytes,
        thumbnail: Option<PendingThumbnail>,
    ) -> Result<Outcome, SendAgain> {
        let source = &created.address;
        let labels = Labels::new(source, answer);
        let written = self.write(&self.labeller.output.of(source), labels.content(), identity).await?;
        let output = match &written {
            Written::Superseded => return Ok(Outcome::Superseded),
            Written::New(output) | Written::Already(output) => output.clone(),
        };
        self.keep(created, identity, answer, thumbnail).await?;
        self.tag(created, &labels).await?;
        Ok(match written {
            Written::Already(_) => Outcome::AlreadyLabelled { output },
            _ => Outcome::Labelled { output },
        })
    }

    async fn keep_files(
        &self,
        source: &ObjectAddress,
        identity: &Identity,
        files: Vec<MadeFile>,
    ) -> Result<Outcome, SendAgain> {
        let output = &self.labeller.output;
        let (mut outputs, mut is_new) = (Vec::new(), false);
        for MadeFile { suffix, content_type, bytes } in files {
            let suffix = output.suffix(&suffix);
            let target = output.file(source, &suffix);
            // A storage that keeps nothing with its objects does not say what is ours.
            if source.key.ends_with(&suffix) {
                return Ok(Outcome::OwnOutput);
            }
            if let Err(reason) = output::check_key(&target) {
                return Ok(Outcome::Unreadable { reason });
            }
            match self.write(&target, Content { content_type, bytes }, identity).await? {
                Written::Superseded => return Ok(Outcome::Superseded),
                Written::Already(file) => outputs.push(file),
                Written::New(file) => {
                    is_new = true;
                    outputs.push(file);
                }
            }
        }
        Ok(if is_new { Outcome::Made { outputs } } else { Outcome::AlreadyMade { outputs } })
    }

    async fn too_large(&self, created: &Created, found: u64) -> Result<Outcome, SendAgain> {
        let limit = self.labeller.object_limit;
        let reason = StorageError::TooLarge { found, limit }.to_string();
        let labels = Labels::without(&created.address, ErrorCode::TooLarge.name(), &reason);
        let target = self.labeller.output.of(&created.address);
        let written = self.write(&target, labels.content(), &Identity::of(created, None)).await?;
        Ok(written.outcome(|output| Outcome::TooLarge { output, reason }))
    }

    async fn write(
        &self,
        target: &ObjectAddress,
        content: Content,
        identity: &Identity,
    ) -> Result<Written, StorageError> {
        let storage = &self.labeller.storage;
        output::write(storage, target, content, identity, &self.credentials, self.deadline).await
    }

    /// Keeps what was recognised in the history, once for each version of an object.
    async fn keep(
        &self,
        created: &Created,
        identity: &Identity,
        answer: &[u8],
        thumbnail: Option<PendingThumbnail>,
    ) -> Result<(), SendAgain> {
        let Some(history) = &self.labeller.besides.history else { return Ok(()) };
        let Some(entry) = new_entry(answer, thumbnail, None) else { return Ok(()) };
        let ObjectAddress { bucket, key, .. } = &created.address;
        let source = format!("{}://{bucket}/{key}?{}", S::SCHEME, identity.version);
        history.keep_once(source, entry).await.map_err(|reason| SendAgain { reason })
    }

    async fn tag(&self, created: &Created, labels: &Labels) -> Result<(), SendAgain> {
        let Labeller { storage, besides, .. } = self.labeller;
        let Some(label) = labels.top().filter(|_| besides.tags) else { return Ok(()) };
        let (object, version) = (&created.address, created.version.as_deref());
        let read = Ask::read(object, TAGS_BYTES).to("read the tags of");
        let found = match storage.ask(&of_tags(read, version), &self.credentials, self.deadline).await {
            // Deleted meanwhile.
            Err(StorageError::NotFound) => return Ok(()),
            found => found?,
        };
        let found = tags::read(&found.body)
            .map_err(|reason| SendAgain { reason: format!("the tags of {}: {reason}", object.key) })?;
        let Some(tagged) = tags::with_label(found, label) else { return Ok(()) };
        let (xml, sum) = tags::written(&tagged);
        let write = Ask::write(object, "application/xml", xml.into()).to("tag").header("content-md5", sum);
        storage.ask(&of_tags(write, version), &self.credentials, self.deadline).await?;
        Ok(())
    }
}

/// The same request for an object's tags instead of the object.
fn of_tags<'a>(ask: Ask<'a>, version: Option<&str>) -> Ask<'a> {
    ask.query("tagging", Some("")).query("versionId", version)
}

/// Bytes of an object's list of tags: ten of them, with all that escapes may add.
const TAGS_BYTES: usize = 64 << 10;

/// Letters of a key that are told: storages take up to 1,024 bytes, but a notification may say anything.
const MAX_SHOWN: usize = 1_024;

/// A key, or the start of what can't be one.
fn shown(key: &str) -> String {
    let cut = if key.chars().nth(MAX_SHOWN).is_some() { "…" } else { "" };
    key.chars().take(MAX_SHOWN).chain(cut.chars()).collect()
}

/// The same object with its key decoded, where that may be meant.
fn decoded(created: &Created) -> Option<ObjectAddress> {
    created.address.percent_decoded().filter(|_| created.may_be_encoded)
}

/// The event for an object: what a gateway would make of it, so that the answer has numbers.
fn event(object: &[u8], language: Option<&str>) -> std::io::Result<worker::channel::EventFile> {
    let uri = language.and_then(|language| format!("/?lang={language}").parse().ok());
    http_event::event(&uri.unwrap_or(Uri::from_static("/")), &HeaderMap::new(), object)
}

/// MiB that an answer to an object may have at least, whatever limit was set: what goes into a bucket passes no platform, and base64 adds a
/// third.
pub const OBJECT_ANSWER_MIB: u32 = 16;

/// The size of an object that fits into an event: four characters for three bytes, and the JSON around them.
pub fn object_limit(event_limit: usize) -> usize {
    event_limit.saturating_sub(16) / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::FRAME_BYTES;
    use base64_simd::STANDARD;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_event_carries_the_object(object in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut event = event(&object, Some("zh")).unwrap();
            let event: serde_json::Value = event.look(|json| serde_json::from_slice(json)).unwrap().unwrap();
            prop_assert_eq!(STANDARD.decode_to_vec(event["body"].as_str().unwrap()).unwrap(), object);
            prop_assert_eq!(&event["queryString"], "lang=zh");
        }

        #[test]
        fn the_largest_object_makes_an_event_within_the_limit(event_limit in 100_usize..10_000) {
            let limit = object_limit(event_limit);
            let event = event(&vec![0; limit], Some("zh-Hans-CN")).unwrap();
            prop_assert!(event.len() <= event_limit + FRAME_BYTES);
        }
    }

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

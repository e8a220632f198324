//! One notification on its way: each of its objects is fetched and recognised, what comes of it is kept, and the picture tagged.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use contract::ErrorCode;

use super::address::ObjectAddress;
use super::client::{Ask, Storage, StorageError};
use super::event::event;
use super::labels::{LANGUAGE, Labels};
use super::made::{Made, MadeFile};
use super::outcome::{Outcome, shown};
use super::output::{self, Content, Identity, Output, Written};
use super::service::{Change, Created, Service};
use super::tags::{self, TagError};
use crate::history::History;
use crate::pool::Handler;
use crate::trigger::recognition::{PendingThumbnail, Recognized, new_entry};

/// What else becomes of pictures than their labels.
#[derive(Debug, Default)]
pub struct Besides {
    /// Whether a picture is tagged with its likeliest label.
    pub tags: bool,
    /// Where recognitions are kept.
    pub history: Option<Arc<History>>,
}

/// Why the platform is to send a notification again: another attempt may help.
#[derive(Debug)]
pub(super) struct SendAgain {
    pub(super) reason: String,
}

impl From<StorageError> for SendAgain {
    fn from(error: StorageError) -> Self {
        Self { reason: error.to_string() }
    }
}

impl From<TagError> for SendAgain {
    fn from(error: TagError) -> Self {
        Self { reason: error.to_string() }
    }
}

/// One notification on its way.
pub(super) struct Call<'a, S: Service, H> {
    pub(super) storage: &'a Storage<S>,
    pub(super) output: &'a Output,
    pub(super) besides: &'a Besides,
    /// Bytes that an object may have.
    pub(super) object_limit: usize,
    pub(super) credentials: S::Credentials,
    pub(super) handler: &'a H,
    pub(super) deadline: Instant,
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
    /// Works through one record.
    ///
    /// # Errors
    /// Another attempt may help.
    pub(super) async fn label(&self, change: &Change) -> Result<Outcome, SendAgain> {
        let mut created = match change {
            Change::Created(created) => created.clone(),
            Change::Unreadable(reason) => return Ok(Outcome::Unreadable { reason: reason.clone() }),
            Change::Other(event) => return Ok(Outcome::NotACreation { event: shown(event) }),
        };
        if let Some(outcome) = self.without_reading(&created).await? {
            return Ok(outcome);
        }
        let mut fetched = self.fetch(&created).await;
        if let (Err(StorageError::NotFound), Some(decoded)) = (&fetched, created.decoded()) {
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
        let key = &created.address.key;
        if self.output.is_own(key) {
            return Ok(Some(Outcome::OwnOutput));
        }
        if let Err(reason) = self.output.check(&created.address) {
            return Ok(Some(Outcome::Unreadable { reason }));
        }
        match created.size {
            Some(0) if key.ends_with('/') => Ok(Some(Outcome::Folder)),
            Some(size) if size > self.object_limit as u64 => self.too_large(created, size).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn fetch(&self, created: &Created) -> Result<Fetched, StorageError> {
        let mut ask =
            Ask::read(&created.address, self.object_limit).query("versionId", created.version.as_deref());
        // The labels are to be those of the picture that the event tells of.
        if let (true, None, Some(etag)) = (S::CONDITIONAL, &created.version, &created.etag) {
            ask = ask.header("if-match", format!("\"{etag}\""));
        }
        let received = self.storage.ask(&ask, &self.credentials, self.deadline).await?;
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
                let target = self.output.refusal(source, suffix.as_deref());
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
        let written = self.write(&self.output.of(source), labels.content(), identity).await?;
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
        let output = self.output;
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
        let limit = self.object_limit;
        let reason = StorageError::TooLarge { found, limit }.to_string();
        let labels = Labels::without(&created.address, ErrorCode::TooLarge.name(), &reason);
        let target = self.output.of(&created.address);
        let written = self.write(&target, labels.content(), &Identity::of(created, None)).await?;
        Ok(written.outcome(|output| Outcome::TooLarge { output, reason }))
    }

    async fn write(
        &self,
        target: &ObjectAddress,
        content: Content,
        identity: &Identity,
    ) -> Result<Written, StorageError> {
        output::write(self.storage, target, content, identity, &self.credentials, self.deadline).await
    }

    /// Keeps what was recognised in the history, once for each version of an object.
    async fn keep(
        &self,
        created: &Created,
        identity: &Identity,
        answer: &[u8],
        thumbnail: Option<PendingThumbnail>,
    ) -> Result<(), SendAgain> {
        let Some(history) = &self.besides.history else { return Ok(()) };
        let Some(entry) = new_entry(answer, thumbnail, None) else { return Ok(()) };
        let ObjectAddress { bucket, key, .. } = &created.address;
        let source = format!("{}://{bucket}/{key}?{}", S::SCHEME, identity.version);
        history.keep_once(source, entry).await.map_err(|reason| SendAgain { reason })
    }

    async fn tag(&self, created: &Created, labels: &Labels) -> Result<(), SendAgain> {
        let Some(label) = labels.top().filter(|_| self.besides.tags) else { return Ok(()) };
        Ok(tags::add(self.storage, created, label, &self.credentials, self.deadline).await?)
    }
}

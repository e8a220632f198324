//! Objects put into a bucket: fetch, let the handler answer, write the labels beside.
//!
//! What differs between storages is a [`Service`]: the form of notifications, and the signature of requests.
//!
//! A notification that failed is sent again, so everything here may happen twice: the same picture gives the same bytes
//! under the same key.

mod address;
mod client;
pub mod cos;
mod labels;
mod notification;
mod service;

pub use address::{Endpoint, EndpointError, Location, ObjectAddress, Unaddressable};
pub use notification::Notification;
pub use service::{Change, Record, Service, Signed};

use std::io::{self, Write as _};
use std::time::Instant;

use bytes::Bytes;
use contract::ErrorCode;
use serde::Serialize;
use thiserror::Error;
use tracing::info;
use worker::channel::EventFile;

use super::causes::causes;
use super::reply::{Form, Reply};
use crate::pool::Handler;
use client::{Storage, StorageError};
use labels::Labels;

/// Appended to a picture's key; what ends so is never looked at, or writing it would start the function again.
const LABELS_SUFFIX: &str = ".labels.json";

/// Where the labels go.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Another bucket than the picture's.
    pub bucket: Option<String>,
    /// Put before the picture's key.
    pub prefix: String,
}

/// The HTTP client for a storage can't be made.
#[derive(Debug, Error)]
#[error("can't set up the HTTP client for object storage: {0}")]
pub struct LabellerError(String);

/// Answers notifications.
#[derive(Debug)]
pub struct Labeller<S> {
    storage: Storage<S>,
    output: Output,
    object_limit: usize,
}

/// What became of one object. These all end an invocation well: sending it again would change nothing.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
enum Outcome {
    /// The labels were written.
    Labelled { output: String },
    /// The module has no labels for this object; the reason was written where the labels would be.
    Refused { output: String, reason: String },
    /// The object is larger than an event can carry; said so where the labels would be.
    TooLarge { output: String, reason: String },
    /// The object was deleted or renamed before we came.
    Gone,
    /// It is what a bucket's console makes for a folder: an empty object whose key ends in a slash.
    Folder,
    /// It is our own output.
    OwnOutput,
    /// The event tells of something else than a new object.
    NotACreation { event: String },
    /// The record does not say which object it is about.
    Unreadable { reason: String },
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
    /// Labels objects that fit into events of `event_limit` bytes.
    ///
    /// # Errors
    /// [`LabellerError`].
    pub fn new(service: S, output: Output, event_limit: usize) -> Result<Self, LabellerError> {
        Ok(Self {
            storage: Storage::new(service).map_err(|error| LabellerError(causes(&error)))?,
            output,
            object_limit: object_limit(event_limit),
        })
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
        let credentials = match self.service().credentials() {
            Ok(credentials) => credentials,
            Err(message) => return Reply::Failure { code: ErrorCode::Internal, message },
        };
        let call = Call { labeller: self, credentials, handler, deadline };
        let mut reports = Vec::new();
        let mut failures = Vec::new();
        for Record { key, change } in &notification.records {
            match call.label(change).await {
                Ok(outcome) => {
                    info!(key, ?outcome, "object");
                    reports.push(Report { key, outcome });
                }
                Err(SendAgain { reason }) => failures.push(format!("{key}: {reason}")),
            }
        }
        if failures.is_empty() {
            Reply::Answer(serde_json::json!({ "records": reports }).to_string().into())
        } else {
            let code = if Instant::now() < deadline { ErrorCode::Internal } else { ErrorCode::Timeout };
            Reply::Failure { code, message: failures.join("; ") }
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

impl<S: Service, H: Handler> Call<'_, S, H> {
    async fn label(&self, change: &Change) -> Result<Outcome, SendAgain> {
        let mut source = match change {
            Change::Created(address) => address.clone(),
            Change::Unreadable(reason) => return Ok(Outcome::Unreadable { reason: reason.clone() }),
            Change::Other(event) => return Ok(Outcome::NotACreation { event: event.clone() }),
        };
        if source.key.ends_with(LABELS_SUFFIX) {
            return Ok(Outcome::OwnOutput);
        }
        let mut fetched = self.fetch(&source).await;
        // It is not documented whether keys come percent-encoded.
        if let (Err(StorageError::NotFound), Some(decoded)) = (&fetched, source.percent_decoded()) {
            fetched = self.fetch(&decoded).await;
            source = decoded;
            if source.key.ends_with(LABELS_SUFFIX) {
                return Ok(Outcome::OwnOutput);
            }
        }
        let object = match fetched {
            Ok(object) => object,
            Err(StorageError::NotFound) => return Ok(Outcome::Gone),
            Err(error @ StorageError::TooLarge { .. }) => {
                let reason = error.to_string();
                let output = self.write(&Labels::without(&source, &reason), &source).await?;
                return Ok(Outcome::TooLarge { output, reason });
            }
            Err(error) => return Err(error.into()),
        };
        if object.is_empty() && source.key.ends_with('/') {
            return Ok(Outcome::Folder);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        let event = bare_event(&object).map_err(|error| SendAgain { reason: error.to_string() })?;
        match Reply::from_call(self.handler.call(event, Some(left)).await, Form::Bare) {
            Reply::Answer(answer) => {
                let output = self.write(&Labels::new(&source, &answer), &source).await?;
                Ok(Outcome::Labelled { output })
            }
            Reply::Failure { code, message: reason } if code.is_the_callers() => {
                let output = self.write(&Labels::without(&source, &reason), &source).await?;
                Ok(Outcome::Refused { output, reason })
            }
            Reply::Failure { message: reason, .. } => Err(SendAgain { reason }),
        }
    }

    async fn fetch(&self, address: &ObjectAddress) -> Result<Bytes, StorageError> {
        let Labeller { storage, object_limit, .. } = self.labeller;
        storage.get(address, &self.credentials, *object_limit, self.deadline).await
    }

    /// Returns `bucket/key` of what was written.
    async fn write(&self, labels: &Labels<'_>, source: &ObjectAddress) -> Result<String, StorageError> {
        let Labeller { storage, output, .. } = self.labeller;
        let target = ObjectAddress {
            bucket: output.bucket.clone().unwrap_or_else(|| source.bucket.clone()),
            region: source.region.clone(),
            key: format!("{}{}{LABELS_SUFFIX}", output.prefix, source.key),
        };
        storage.put(&target, &self.credentials, labels.to_json(), self.deadline).await?;
        Ok(format!("{}/{}", target.bucket, target.key))
    }
}

/// The size of an object that fits into an event: four characters for three bytes, and the JSON around them.
fn object_limit(event_limit: usize) -> usize {
    event_limit.saturating_sub(16) / 4 * 3
}

fn bare_event(object: &[u8]) -> io::Result<EventFile> {
    let mut event = EventFile::of(br#"{"body":""#)?;
    event.write_base64(object)?;
    event.write_all(b"\"}")?;
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64_simd::STANDARD;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bare_event_carries_the_object(object in proptest::collection::vec(any::<u8>(), 0..500)) {
            let event: serde_json::Value = bare_event(&object).unwrap().look(|json| serde_json::from_slice(json)).unwrap().unwrap();
            prop_assert_eq!(STANDARD.decode_to_vec(event["body"].as_str().unwrap()).unwrap(), object);
        }

        #[test]
        fn the_largest_object_makes_an_event_within_the_limit(event_limit in 100_usize..10_000) {
            let limit = object_limit(event_limit);
            prop_assert!(bare_event(&vec![0; limit]).unwrap().len() <= event_limit);
        }
    }

    #[test]
    fn reports_say_the_outcome_in_one_word() {
        let report = Report { key: "in/cat.jpg", outcome: Outcome::Gone };
        assert_eq!(serde_json::json!(report).to_string(), r#"{"key":"in/cat.jpg","outcome":"gone"}"#);
    }
}

//! Pictures put into a bucket: fetch, let the handler answer, write the labels beside.
//!
//! The platform sends a notification again when it failed, so everything here may happen twice: the same picture
//! gives the same bytes under the same key.

mod credentials;
mod labels;
mod notification;
mod signature;
mod storage;

pub(super) use notification::Notification;

use std::time::{Duration, Instant};

use base64_simd::STANDARD;
use bytes::Bytes;
use clap::Args;
use serde::Serialize;
use tracing::info;

use super::ScfError;
use super::event_kind::EventKind;
use super::reply::Reply;
use crate::error::ErrorCode;
use crate::pool::Handler;
use credentials::Credentials;
use labels::Labels;
use notification::{ObjectAddress, Record};
use storage::{Storage, StorageError};

/// Where labels of pictures in buckets go.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "COS trigger")]
pub struct CosArgs {
    /// Bucket for the labels, with its APPID [default: the picture's bucket]
    #[arg(long, env = "VISION_COS_OUTPUT_BUCKET", value_name = "NAME-APPID")]
    pub cos_output_bucket: Option<String>,

    /// Put before the picture's key to make the key of its labels
    #[arg(long, env = "VISION_COS_OUTPUT_PREFIX", value_name = "PREFIX", default_value = "")]
    pub cos_output_prefix: String,

    /// Address of a bucket
    #[arg(
        long,
        env = "VISION_COS_ENDPOINT",
        value_name = "URL",
        default_value = "https://{bucket}.cos.{region}.myqcloud.com"
    )]
    pub cos_endpoint: String,
}

/// Appended to a picture's key; what ends so is never looked at, or writing it would start the function again.
const LABELS_SUFFIX: &str = ".labels.json";

/// For an event without a time limit: the longest that the platform can be set to.
const LONGEST_EVENT: Duration = Duration::from_secs(900);

/// Answers notifications.
#[derive(Debug)]
pub(super) struct CosTrigger {
    storage: Storage,
    output_bucket: Option<String>,
    output_prefix: String,
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

impl CosTrigger {
    pub(super) fn new(args: &CosArgs, event_limit: usize) -> Result<Self, ScfError> {
        if let Some(bucket) = &args.cos_output_bucket {
            notification::check_bucket(bucket).map_err(ScfError::Configuration)?;
        }
        Ok(Self {
            storage: Storage::new(&args.cos_endpoint)?,
            output_bucket: args.cos_output_bucket.clone(),
            output_prefix: args.cos_output_prefix.clone(),
            // Four characters for three bytes, and the JSON around them.
            object_limit: event_limit.saturating_sub(16) / 4 * 3,
        })
    }

    /// Works through all records. One that fails does not keep the others from their labels, but fails the
    /// invocation, so that the platform sends it again.
    pub(super) async fn handle(
        &self,
        notification: &Notification,
        handler: &impl Handler,
        deadline: Option<Instant>,
    ) -> Reply {
        let Some(credentials) = Credentials::from_environment() else {
            return Reply::Failure {
                code: ErrorCode::Internal,
                message:
                    "the function has no credentials for the bucket (TENCENTCLOUD_SECRETID is not set): \
                          give it a run role, see docs/deploy.md"
                        .to_owned(),
            };
        };
        let deadline = deadline.unwrap_or_else(|| Instant::now() + LONGEST_EVENT);
        let mut reports = Vec::new();
        let mut failures = Vec::new();
        for record in &notification.records {
            match self.label(record, &credentials, handler, deadline).await {
                Ok(outcome) => {
                    info!(key = record.key(), ?outcome, "object");
                    reports.push(Report { key: record.key(), outcome });
                }
                Err(error) => failures.push(format!("{}: {error}", record.key())),
            }
        }
        if failures.is_empty() {
            Reply::Answer(serde_json::json!({ "records": reports }).to_string().into())
        } else {
            let code = if Instant::now() < deadline { ErrorCode::Internal } else { ErrorCode::Timeout };
            Reply::Failure { code, message: failures.join("; ") }
        }
    }

    async fn label(
        &self,
        record: &Record,
        credentials: &Credentials,
        handler: &impl Handler,
        deadline: Instant,
    ) -> Result<Outcome, StorageError> {
        if !record.is_creation() {
            return Ok(Outcome::NotACreation { event: record.event_name().to_owned() });
        }
        let mut source = match record.address() {
            Ok(address) => address,
            Err(reason) => return Ok(Outcome::Unreadable { reason }),
        };
        if source.key.ends_with(LABELS_SUFFIX) {
            return Ok(Outcome::OwnOutput);
        }
        let mut fetched = self.fetch(&source, credentials, deadline).await;
        // It is not documented whether keys come percent-encoded.
        if let (Err(StorageError::NotFound), Some(decoded)) = (&fetched, source.percent_decoded()) {
            fetched = self.fetch(&decoded, credentials, deadline).await;
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
                let output =
                    self.write(&Labels::without(&source, &reason), &source, credentials, deadline).await?;
                return Ok(Outcome::TooLarge { output, reason });
            }
            Err(error) => return Err(error),
        };
        if object.is_empty() && source.key.ends_with('/') {
            return Ok(Outcome::Folder);
        }
        let event = bare_event(&object);
        let left = deadline.saturating_duration_since(Instant::now());
        match Reply::from_call(handler.call(event, Some(left)).await, &EventKind::Bare) {
            Reply::Answer(answer) => {
                let labels = Labels::new(&source, &answer);
                Ok(Outcome::Labelled { output: self.write(&labels, &source, credentials, deadline).await? })
            }
            Reply::Failure { code, message: reason } if code.is_the_callers() => {
                let labels = Labels::without(&source, &reason);
                let output = self.write(&labels, &source, credentials, deadline).await?;
                Ok(Outcome::Refused { output, reason })
            }
            Reply::Failure { message, .. } => Err(StorageError::Handler(message)),
        }
    }

    async fn fetch(
        &self,
        address: &ObjectAddress,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<Bytes, StorageError> {
        self.storage.get(address, credentials, self.object_limit, deadline).await
    }

    /// Returns `bucket/key` of what was written.
    async fn write(
        &self,
        labels: &Labels<'_>,
        source: &ObjectAddress,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<String, StorageError> {
        let target = ObjectAddress {
            bucket: self.output_bucket.clone().unwrap_or_else(|| source.bucket.clone()),
            region: source.region.clone(),
            key: format!("{}{}{LABELS_SUFFIX}", self.output_prefix, source.key),
        };
        self.storage.put(&target, credentials, labels.to_json(), deadline).await?;
        Ok(format!("{}/{}", target.bucket, target.key))
    }
}

fn bare_event(object: &[u8]) -> Bytes {
    const BEFORE: &str = r#"{"body":""#;
    let mut event = String::with_capacity(BEFORE.len() + object.len().div_ceil(3) * 4 + 2);
    event.push_str(BEFORE);
    STANDARD.encode_append(object, &mut event);
    event.push_str("\"}");
    event.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bare_event_carries_the_object(object in proptest::collection::vec(any::<u8>(), 0..500)) {
            let event: serde_json::Value = serde_json::from_slice(&bare_event(&object)).unwrap();
            prop_assert_eq!(STANDARD.decode_to_vec(event["body"].as_str().unwrap()).unwrap(), object);
        }

        #[test]
        fn the_largest_object_makes_an_event_within_the_limit(event_limit in 100_usize..10_000) {
            let args = CosArgs {
                cos_output_bucket: None,
                cos_output_prefix: String::new(),
                cos_endpoint: "https://{bucket}.cos.{region}.myqcloud.com".to_owned(),
            };
            let limit = CosTrigger::new(&args, event_limit).unwrap().object_limit;
            prop_assert!(bare_event(&vec![0; limit]).len() <= event_limit);
        }
    }

    #[test]
    fn reports_say_the_outcome_in_one_word() {
        let report = Report { key: "in/cat.jpg", outcome: Outcome::Gone };
        assert_eq!(serde_json::json!(report).to_string(), r#"{"key":"in/cat.jpg","outcome":"gone"}"#);
    }
}

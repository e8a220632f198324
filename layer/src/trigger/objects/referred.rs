//! Objects that an event of somebody's refers to: only those of buckets that were named for it, and only their contents.
//!
//! Whoever reaches the service can send such an event, so nothing of a record decides where a request goes but the names that
//! were allowed: the region and the address are the service's own.

use std::time::Instant;

use bytes::Bytes;
use clap::Args;
use contract::ErrorCode;
use memchr::memmem;
use thiserror::Error;

use super::address::{Endpoint, ObjectAddress};
use super::client::{Ask, Storage, StorageError};
use super::cos::Cos;
use super::output::Output;
use super::s3::{S3, check_bucket};
use super::service::{Change, Created, Record, Service};
use super::uploads::Refusal;

/// Which objects events may refer to.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "S3")]
pub struct ReferredArgs {
    /// Fetch pictures from this bucket that a CloudEvent tells of (records of S3, MinIO or COS), all or those whose keys begin
    /// with the prefix; whoever reaches the service learns what is on them; may be repeated
    #[arg(long = "event-bucket", env = "VISION_EVENT_BUCKET", value_name = "NAME[/PREFIX]", value_delimiter = ',',
          value_parser = allowed)]
    pub event_buckets: Vec<Allowed>,
}

/// A bucket, and how keys begin in it that may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    bucket: String,
    prefix: String,
}

fn allowed(text: &str) -> Result<Allowed, String> {
    let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
    check_bucket(bucket).map_err(|error| error.to_string())?;
    if !prefix.is_empty() && has_steps(prefix) {
        return Err(format!(
            "found the prefix {prefix:?}, accepted is one without empty parts and steps (. and ..)"
        ));
    }
    Ok(Allowed { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

/// Whether some would take a key for another one: a storage keeps such parts, a proxy before it may not.
fn has_steps(key: &str) -> bool {
    key.trim_end_matches('/').split('/').any(|part| ["", ".", ".."].contains(&part))
}

impl Allowed {
    fn has(&self, object: &ObjectAddress) -> bool {
        let ObjectAddress { bucket, key, .. } = object;
        *bucket == self.bucket
            && (self.prefix.is_empty() || (key.starts_with(&self.prefix) && !has_steps(key)))
    }
}

/// Records of an event are at most so long, with all that escapes may add.
const MAX_BYTES: usize = 256 << 10;

/// Reads objects that events refer to.
#[derive(Debug)]
pub(in crate::trigger) struct ReferredObjects {
    storage: Storage<S3>,
    cos: Cos,
    allowed: Vec<Allowed>,
    region: String,
}

/// What an event's records come to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::trigger) enum Reference {
    /// A new object.
    Object(Box<Created>),
    /// Nothing that has labels; with the reason.
    Nothing(String),
}

/// An object that was read.
#[derive(Debug)]
pub(in crate::trigger) struct Referred {
    /// Its key.
    pub(in crate::trigger) key: String,
    /// Its bucket, key and version, in one.
    pub(in crate::trigger) source: String,
    /// What it is.
    pub(in crate::trigger) bytes: Bytes,
}

/// Why there is no object.
#[derive(Debug, Error)]
pub(in crate::trigger) enum ReferredError {
    /// The storage has another one by now, of which another event tells.
    #[error("there is another object under this key by now")]
    Superseded,
    /// Whose fault that is, and what to tell them.
    #[error("{}", .0.1)]
    Refused(Refusal),
}

impl ReferredError {
    fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused((code, message.into()))
    }
}

impl ReferredObjects {
    /// Objects at `service` that are `allowed`.
    pub(in crate::trigger) fn new(service: S3, allowed: Vec<Allowed>) -> Option<Self> {
        // COS is reached by its own address in S3's language; this one is never asked.
        let cos = Cos::new(Endpoint::new("COS", "https://{bucket}.cos.{region}.myqcloud.com").ok()?);
        let region = service.home_region().ok()?;
        (!allowed.is_empty()).then(|| Self { storage: Storage::new(service), cos, allowed, region })
    }

    /// What the records in an event's data refer to; none where the data has no records.
    ///
    /// # Errors
    /// The record makes no sense, or is not the only one.
    pub(in crate::trigger) fn find(&self, data: &[u8]) -> Result<Option<Reference>, Refusal> {
        let Some(mut records) = self.records(data).filter(|records| !records.is_empty()) else {
            return Ok(None);
        };
        let refused = |message: String| (ErrorCode::BadRequest, message);
        let found = records.len();
        let Some(Record { change, .. }) = records.pop().filter(|_| found == 1) else {
            return Err(refused(format!("the event tells of {found} objects, accepted is one")));
        };
        Ok(Some(match change {
            Change::Other(event) => Reference::Nothing(format!("it tells of {event:?}")),
            Change::Unreadable(reason) => return Err(refused(reason)),
            Change::Created(created) => {
                let key = &created.address.key;
                if Output::default().is_own(key) || key.ends_with('/') {
                    Reference::Nothing("it tells of a result, or of a folder".to_owned())
                } else {
                    Reference::Object(Box::new(created))
                }
            }
        }))
    }

    fn records(&self, data: &[u8]) -> Option<Vec<Record>> {
        if data.len() > MAX_BYTES || !data.trim_ascii_start().starts_with(b"{") {
            return None;
        }
        let of =
            |data: &[u8]| self.storage.service.notification(data).or_else(|| self.cos.notification(data));
        if memmem::find(data, b"\"Records\"").is_some() {
            return of(data);
        }
        // Some sources send each record for itself.
        memmem::find(data, b"\"s3\"").or_else(|| memmem::find(data, b"\"cos\""))?;
        of(&[&br#"{"Records":["#[..], data, b"]}"].concat())
    }

    /// Reads an object of at most `limit` bytes.
    ///
    /// # Errors
    /// It may not be read, is not there, or the storage can't be asked.
    pub(in crate::trigger) async fn read(
        &self,
        created: &Created,
        limit: usize,
        deadline: Instant,
    ) -> Result<Referred, ReferredError> {
        match self.read_at(created, &created.address, limit, deadline).await {
            Err(ReferredError::Refused((ErrorCode::NotFound, _))) if created.may_be_encoded => {
                let decoded = created.address.percent_decoded();
                self.read_at(created, decoded.as_ref().unwrap_or(&created.address), limit, deadline).await
            }
            read => read,
        }
    }

    async fn read_at(
        &self,
        created: &Created,
        address: &ObjectAddress,
        limit: usize,
        deadline: Instant,
    ) -> Result<Referred, ReferredError> {
        if !self.allowed.iter().any(|allowed| allowed.has(address)) {
            return Err(ReferredError::refused(
                ErrorCode::Forbidden,
                "the event tells of an object that the service may not fetch for it; --event-bucket (VISION_EVENT_BUCKET) \
                 names the buckets",
            ));
        }
        let address = ObjectAddress { region: self.region.clone(), ..address.clone() };
        let Created { version, etag, .. } = created;
        let mut ask = Ask::read(&address, limit).query("versionId", version.as_deref());
        if let (None, Some(etag)) = (version, etag) {
            ask = ask.header("if-match", format!("\"{etag}\""));
        }
        let service = &self.storage.service;
        let credentials = service.credentials().await.map_err(|reason| unavailable(&reason))?;
        let received = self.storage.ask(&ask, &credentials, deadline).await?;
        let version = version.clone().or_else(|| received.etag()).unwrap_or_default();
        let ObjectAddress { bucket, key, .. } = &address;
        Ok(Referred {
            source: format!("{}://{bucket}/{key}?{version}", S3::SCHEME),
            key: key.clone(),
            bytes: received.body,
        })
    }
}

impl From<StorageError> for ReferredError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound => {
                ReferredError::refused(ErrorCode::NotFound, "the event tells of an object that is not there")
            }
            StorageError::Changed { .. } => Self::Superseded,
            StorageError::TooLarge { .. } => ReferredError::refused(ErrorCode::TooLarge, error.to_string()),
            StorageError::Unaddressable(_) => {
                ReferredError::refused(ErrorCode::BadRequest, error.to_string())
            }
            StorageError::Forbidden { .. }
            | StorageError::Status { .. }
            | StorageError::Connection { .. } => unavailable(&error.to_string()),
        }
    }
}

/// What is wrong is no business of the caller's.
fn unavailable(reason: &str) -> ReferredError {
    tracing::error!(reason, "objects that events tell of can't be read");
    ReferredError::refused(ErrorCode::Overloaded, "the object can't be read at the moment; come again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::objects::s3::{S3Args, UploadMethod};
    use serde_json::{Value, json};

    fn objects(buckets: &[&str]) -> ReferredObjects {
        let s3 = S3::new(&S3Args::default(), UploadMethod::Post).unwrap();
        ReferredObjects::new(s3, buckets.iter().map(|text| allowed(text).unwrap()).collect()).unwrap()
    }

    fn record(key: &str) -> Value {
        json!({"eventName": "ObjectCreated:Put", "awsRegion": "eu-west-1",
               "s3": {"bucket": {"name": "photos"}, "object": {"key": key, "size": 3}}})
    }

    fn find(data: &Value) -> Result<Option<Reference>, Refusal> {
        objects(&["photos"]).find(data.to_string().as_bytes())
    }

    fn key(data: &Value) -> String {
        match find(data).unwrap().unwrap() {
            Reference::Object(created) => created.address.key,
            Reference::Nothing(reason) => panic!("{reason}"),
        }
    }

    #[test]
    fn a_record_is_found_by_itself_and_in_a_list() {
        assert_eq!(key(&json!({"Records": [record("in/a+b.jpg")]})), "in/a b.jpg");
        assert_eq!(key(&record("a.jpg")), "a.jpg");
        let minio = json!({"EventName": "s3:ObjectCreated:Put", "Key": "photos/a.jpg", "Records": [
            {"eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": "photos"}, "object": {"key": "a.jpg"}}}]});
        assert_eq!(key(&minio), "a.jpg");
        let cos = json!({"Records": [{"event": {"eventName": "cos:ObjectCreated:Put"}, "cos": {
            "cosBucket": {"name": "photos", "appid": "125", "cosRegion": "ap-guangzhou"},
            "cosObject": {"key": "/125/photos/a.jpg", "url": ""}}}]});
        assert_eq!(key(&cos), "a.jpg");
    }

    #[test]
    fn other_data_is_the_functions() {
        for data in [
            json!({"image": "QUJD"}),
            json!([record("a")]),
            json!({"Records": []}),
            json!({"Records": 3}),
            json!({"s3": 3}),
        ] {
            assert_eq!(find(&data), Ok(None), "{data}");
        }
        assert_eq!(objects(&["photos"]).find(b"\xff\xd8\"Records\""), Ok(None));
    }

    #[test]
    fn what_is_no_picture_of_somebodys_has_no_labels() {
        let removed =
            json!({"Records": [{"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "a.jpg"}}}]});
        for data in [removed, record("a.jpg.labels.json"), record("folder/")] {
            assert!(matches!(find(&data), Ok(Some(Reference::Nothing(_)))), "{data}");
        }
        let two = json!({"Records": [record("a.jpg"), record("b.jpg")]});
        assert_eq!(find(&two).unwrap_err().1, "the event tells of 2 objects, accepted is one");
        let nowhere =
            json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "a.jpg"}}}]});
        assert!(find(&nowhere).unwrap_err().1.contains("bucket"));
    }

    #[test]
    fn only_what_was_allowed_is_allowed() {
        let object = |bucket: &str, key: &str| ObjectAddress {
            bucket: bucket.to_owned(),
            region: "r".to_owned(),
            key: key.to_owned(),
        };
        let whole = allowed("photos").unwrap();
        assert!(whole.has(&object("photos", "any/../key")) && !whole.has(&object("photos2", "a")));
        let part = allowed("photos/in/").unwrap();
        assert!(part.has(&object("photos", "in/a.jpg")));
        for key in ["a.jpg", "in/../a.jpg", "in//a.jpg", "in/./a.jpg", "/in/a.jpg"] {
            assert!(!part.has(&object("photos", key)), "{key}");
        }
        for wrong in ["", "Photos", "https://photos", "photos/../x", "photos//x"] {
            assert!(allowed(wrong).unwrap_err().contains("accepted is"), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nothing_is_asked_of_a_storage_for_what_is_not_allowed() {
        let objects = objects(&["others", "photos/in/"]);
        for key in ["a.jpg", "in/../a.jpg"] {
            let address = ObjectAddress { bucket: "photos".into(), region: "r".into(), key: key.into() };
            // With a deadline that is over an answer can't have come from a storage.
            let error = objects.read(&Created::at(address), 1, Instant::now()).await.unwrap_err();
            assert!(matches!(error, ReferredError::Refused((ErrorCode::Forbidden, _))), "{error}");
        }
    }
}

//! Places for uploads, and what became of them.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use contract::ErrorCode;

use super::answer::{UploadFailure, UploadProgress, UploadTicket};
use super::id::UploadId;
use super::refusal::{Refusal, unavailable};
use super::request::NewUpload;
use crate::trigger::objects::address::{ObjectAddress, Unaddressable};
use crate::trigger::objects::client::{Ask, Storage, StorageError};
use crate::trigger::objects::labels::{LANGUAGE, LabelResult, Labels};
use crate::trigger::objects::output::Output;
use crate::trigger::objects::s3::S3;
use crate::trigger::objects::service::{Service, Upload};

/// How long the storage may take over one question.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clocks differ, and an upload that began in its time may end after it.
const GRACE: Duration = Duration::from_secs(10 * 60);

/// Bytes of a file of labels that are read.
const LABELS_BYTES: usize = 1 << 20;

/// Gives places for uploads, and tells what became of them.
#[derive(Debug)]
pub(in crate::trigger) struct Uploads<S> {
    pub(super) storage: Arc<Storage<S>>,
    pub(super) output: Output,
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) prefix: String,
    pub(super) limit: u64,
    pub(super) valid: Duration,
}

impl Uploads<S3> {
    /// Scheme and host of the bucket's address, to which a page must be allowed to go.
    ///
    /// # Errors
    /// No URL leads to the bucket.
    pub(in crate::trigger) fn origin(&self) -> Result<String, Unaddressable> {
        self.storage.service.origin(&self.bucket, &self.region)
    }
}

impl<S: Service> Uploads<S> {
    /// A place for a picture, of which `result` is where to ask for the answer, without its last part.
    ///
    /// # Errors
    /// The picture is over the limit, or there are no credentials to sign with.
    pub(in crate::trigger) async fn place(
        &self,
        new: &NewUpload,
        result: &str,
    ) -> Result<UploadTicket, Refusal> {
        if new.size > self.limit {
            let message = format!("the picture has {} bytes, accepted are up to {}", new.size, self.limit);
            return Err((ErrorCode::TooLarge, message));
        }
        let now = SystemTime::now();
        let id =
            UploadId::new(new.kind, now).map_err(|()| unavailable("the system gives no random bytes"))?;
        let object = self.object(&id);
        let metadata: Vec<_> = new.language.iter().map(|language| (LANGUAGE, language.clone())).collect();
        let upload = Upload {
            object: &object,
            content_type: new.kind.content_type(),
            size: new.size,
            metadata: &metadata,
            now,
            valid: self.valid,
        };
        let credentials = self.storage.service.credentials().await.map_err(|reason| unavailable(&reason))?;
        let presigned = self.storage.service.presign(&upload, &credentials);
        let presigned = presigned.map_err(|_| unavailable("no URL leads to the bucket of uploads"))?;
        Ok(UploadTicket::new(&id, object.key, presigned, self.valid, result))
    }

    /// What became of an upload.
    ///
    /// # Errors
    /// There is none of this name (or none was put in its time), or the storage can't be reached.
    pub(in crate::trigger) async fn progress(&self, id: &str) -> Result<UploadProgress, Refusal> {
        let unknown = || (ErrorCode::NotFound, "there is no such upload, or its time is over".to_owned());
        let id: UploadId = id.parse().map_err(|()| unknown())?;
        let since = id.age(SystemTime::now(), GRACE).ok_or_else(unknown)?;
        let object = self.object(&id);
        let credentials = self.storage.service.credentials().await.map_err(|reason| unavailable(&reason))?;
        let deadline = Instant::now() + PATIENCE;
        let labels = self.output.of(&object);
        match self.storage.ask(&Ask::read(&labels, LABELS_BYTES), &credentials, deadline).await {
            Ok(read) => {
                return told(&id, &read.body).ok_or_else(|| unavailable("a file of labels is damaged"));
            }
            Err(StorageError::NotFound) => {}
            Err(error) => return Err(unavailable(&error.to_string())),
        }
        let may_still_come = since <= self.valid + GRACE;
        match self.storage.ask(&Ask::look(&object), &credentials, deadline).await {
            Ok(_) => Ok(UploadProgress::Pending { id: id.to_string() }),
            Err(StorageError::NotFound) if may_still_come => {
                Ok(UploadProgress::Pending { id: id.to_string() })
            }
            Err(StorageError::NotFound) => Err(unknown()),
            Err(error) => Err(unavailable(&error.to_string())),
        }
    }

    fn object(&self, id: &UploadId) -> ObjectAddress {
        let key = format!("{}{id}", self.prefix);
        ObjectAddress { bucket: self.bucket.clone(), region: self.region.clone(), key }
    }
}

/// What a file of labels says of an upload.
fn told(id: &UploadId, labels: &[u8]) -> Option<UploadProgress> {
    let Labels { result, .. } = serde_json::from_slice(labels).ok()?;
    let id = id.to_string();
    Some(match result {
        LabelResult::Labels { labels, model, predictions, unsure, notice } => {
            let labels = predictions.is_none().then_some(labels);
            UploadProgress::Done { id, model, predictions, labels, unsure, notice }
        }
        LabelResult::Error { error, code } => {
            let code = ErrorCode::ALL.into_iter().find(|known| known.name() == code);
            let error = UploadFailure { code: code.unwrap_or(ErrorCode::BadRequest), message: error };
            UploadProgress::Failed { id, error }
        }
    })
}

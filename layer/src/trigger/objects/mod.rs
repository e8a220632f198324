//! Objects put into a bucket: fetch, let the handler answer, write the labels beside; keep them in the history and tag the
//! picture where that was asked for.
//!
//! What differs between storages is a [`Service`]: the form of notifications, and the signature of requests.
//!
//! A notification that failed is sent again, and some come twice anyway, so everything here may happen several times, also at
//! the same time and in another order: the same picture gives the same bytes under the same key, an older one does not
//! replace a newer one's labels, and the history has an object's version once.

mod address;
mod call;
mod client;
pub mod cos;
mod event;
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
pub use call::Besides;
pub use event::{OBJECT_ANSWER_MIB, object_limit};
pub use notification::Notification;
pub use output::{NameError, Output};
pub use referred::{Allowed, ReferredArgs};
pub use service::{Change, Created, Presigned, Record, Service, Signed, Unsigned, Upload};
pub use uploads::{UploadArgs, UploadError};

pub(super) use client::{Storage, StorageError};
pub(super) use listing::{BucketReader, Page};
pub(super) use referred::{Reference, ReferredError, ReferredObjects};
pub(super) use uploads::{
    NewUpload, NewUploadJson, Refusal, UploadEvent, UploadProgress, UploadTicket, Uploads,
    none_here as no_uploads, upload_event,
};

use std::sync::Arc;
use std::time::Instant;

use contract::ErrorCode;
use tracing::info;

use super::reply::Reply;
use crate::pool::Handler;
use call::{Call, SendAgain};
use outcome::{Report, shown};

/// Answers notifications.
#[derive(Debug)]
pub struct Labeller<S> {
    storage: Arc<Storage<S>>,
    output: Output,
    besides: Besides,
    uploads: Option<Uploads<S>>,
    object_limit: usize,
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
        let call = Call {
            storage: &self.storage,
            output: &self.output,
            besides: &self.besides,
            object_limit: self.object_limit,
            credentials,
            handler,
            deadline,
        };
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

//! Uploads that don't pass through the function: somebody asks for a place, puts the picture there, in the user's own bucket, and
//! asks what is on it. The bucket's own event has it labelled; what is read here is the file of labels.
//!
//! Nothing is kept about an upload: what has to be known of it is in its name.

mod answer;
mod event;
mod id;
mod places;
mod refusal;
mod request;
mod settings;

pub(in crate::trigger) use answer::{UploadProgress, UploadTicket};
pub(in crate::trigger) use event::{UploadEvent, upload_event};
#[cfg(any(test, fuzzing))]
pub(in crate::trigger) use id::UploadId;
pub(in crate::trigger) use places::Uploads;
pub(in crate::trigger) use refusal::{Refusal, none_here};
pub(in crate::trigger) use request::{NewUpload, NewUploadJson};
pub use settings::{UploadArgs, UploadError};

//! Why somebody gets no upload, or hears nothing of it.

use contract::ErrorCode;

/// What is told to somebody who can't have what they asked for: a code, and what was found and would be accepted.
pub(in crate::trigger) type Refusal = (ErrorCode, String);

/// What is told where there is no bucket for uploads.
pub(in crate::trigger) fn none_here() -> Refusal {
    let message = "there are no uploads here: the service has no bucket for them (VISION_UPLOAD_BUCKET)";
    (ErrorCode::NotFound, message.to_owned())
}

/// What is wrong is no business of the caller's.
pub(super) fn unavailable(reason: &str) -> Refusal {
    tracing::error!(reason, "uploads can't be used");
    (ErrorCode::Overloaded, "uploads can't be used at the moment; come again".to_owned())
}

//! LiteRT's results as errors.

use litert_sys as sys;

use crate::inference::error::InferenceError;

/// What the models are that LiteRT reads.
const FORMAT: &str = "TensorFlow Lite";

/// The error for a status other than success (`LiteRtStatus`, litert_common.h).
pub(super) fn check(action: &'static str, status: sys::LiteRtStatus) -> Result<(), InferenceError> {
    if status == sys::kLiteRtStatusOk { Ok(()) } else { Err(failed(action, format!("status {status}"))) }
}

/// LiteRT failed in this.
pub(super) fn failed(action: &'static str, reason: impl Into<String>) -> InferenceError {
    InferenceError::Library { library: "LiteRT", action, reason: reason.into() }
}

/// The bytes are no model for LiteRT.
pub(super) fn not_a_model(reason: impl Into<String>) -> InferenceError {
    InferenceError::NotAModel { format: FORMAT, reason: reason.into() }
}

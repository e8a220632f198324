//! Why an event has no answer, in the words that the caller gets.

use contract::ErrorCode;
use thiserror::Error;

/// What a caller may send as a body.
pub(crate) const ACCEPTED_BODIES: &str = "accepted are a base64 JPEG or PNG, a data URL of one, JSON {\"image\": \"<either>\"}, or a form with one";

/// Why an event has no answer. The message says what was found and what would be accepted, on one line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct FunctionError {
    code: ErrorCode,
    message: String,
}

impl FunctionError {
    /// A failure of kind `code`; line breaks in `message` become spaces.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.contains(char::is_control) {
            message = message.replace(char::is_control, " ");
        }
        Self { code, message }
    }

    /// The event or its body is not what the contract describes.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// The body is `found` instead of a JPEG or PNG.
    pub fn unsupported(found: &str) -> Self {
        Self::new(ErrorCode::UnsupportedImage, format!("found {found}, accepted are JPEG and PNG"))
    }

    /// Our fault.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// There is no picture in the body, because of what was `found`.
    pub(crate) fn no_picture(found: &str) -> Self {
        Self::bad_request(format!("{found}; {ACCEPTED_BODIES}"))
    }

    /// The kind of failure.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What the caller is told.
    pub fn message(&self) -> &str {
        &self.message
    }
}

//! Why an event has no labels, as the caller is told.

use thiserror::Error;

/// What a caller may send as a body.
pub(crate) const ACCEPTED_BODIES: &str =
    "accepted are a base64 JPEG or PNG, a data URL of one, or JSON {\"image\": \"<either>\"}";

/// Why an event has no labels. Each message says what was found and what would be accepted, on one line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FunctionError {
    /// The event or its body is not what the contract describes.
    #[error("{0}")]
    BadRequest(String),
    /// The body is something else than a JPEG or PNG.
    #[error("found {0}, accepted are JPEG and PNG")]
    Unsupported(&'static str),
    /// The body is a JPEG or PNG that has no pixels.
    #[error("the {format} can't be decoded: {reason}")]
    Undecodable {
        /// JPEG or PNG.
        format: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The event or the picture exceeds a limit.
    #[error("{0}")]
    TooLarge(String),
    /// Our fault.
    #[error("{0}")]
    Internal(String),
}

impl FunctionError {
    /// The code in the answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::Unsupported(_) => "unsupported_image",
            Self::Undecodable { .. } => "undecodable_image",
            Self::TooLarge(_) => "too_large",
            Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status that goes with the code.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Unsupported(_) => 415,
            Self::Undecodable { .. } => 422,
            Self::TooLarge(_) => 413,
            Self::Internal(_) => 500,
        }
    }
}

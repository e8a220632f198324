//! What went wrong with an event, in the form that every trigger sends to its caller.

use serde::Serialize;
use utoipa::ToSchema;

/// The kinds of failure that a caller can tell apart, with their HTTP status (docs/architecture.md, "Errors").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The event is not what the contract describes.
    BadRequest,
    /// The picture's format is not one that is accepted.
    UnsupportedImage,
    /// The picture's format is right, its data is not.
    UndecodableImage,
    /// The event, the picture or the answer exceeds a limit.
    TooLarge,
    /// Nothing is at this address, or no longer.
    NotFound,
    /// The address takes other methods.
    MethodNotAllowed,
    /// The request did not come in time.
    RequestTimeout,
    /// Too much is going on; the same request may be answered a little later.
    Overloaded,
    /// The function ran out of time.
    Timeout,
    /// Anything that is our fault.
    Internal,
}

impl ErrorCode {
    /// The code as it stands in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::UnsupportedImage => "unsupported_image",
            Self::UndecodableImage => "undecodable_image",
            Self::TooLarge => "too_large",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that goes with the code.
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::UnsupportedImage => 415,
            Self::UndecodableImage => 422,
            Self::TooLarge => 413,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::Overloaded => 503,
            Self::Timeout => 504,
            Self::Internal => 500,
        }
    }
}

/// `{"error": {"code": …, "message": …}}`, the body of every failed HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct ErrorDetail {
    code: ErrorCode,
    /// What was found, and what would be accepted.
    message: String,
}

impl ErrorBody {
    /// The body for a failure of kind `code`; `message` says what was found and what would be accepted.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { error: ErrorDetail { code, message: message.into() } }
    }

    /// The body as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_the_one_of_the_contract() {
        let body = ErrorBody::new(ErrorCode::TooLarge, "the event has 7 MB, accepted are 6 MB");
        assert_eq!(
            body.to_json(),
            r#"{"error":{"code":"too_large","message":"the event has 7 MB, accepted are 6 MB"}}"#
        );
    }

    #[test]
    fn codes_have_the_same_name_in_json_and_in_logs() {
        for code in [
            ErrorCode::BadRequest,
            ErrorCode::UnsupportedImage,
            ErrorCode::UndecodableImage,
            ErrorCode::TooLarge,
            ErrorCode::NotFound,
            ErrorCode::MethodNotAllowed,
            ErrorCode::RequestTimeout,
            ErrorCode::Overloaded,
            ErrorCode::Timeout,
            ErrorCode::Internal,
        ] {
            assert_eq!(serde_json::json!(code), code.name());
        }
    }
}

//! The JSON body of an error.

use serde::Serialize;

use crate::code::ErrorCode;

/// `{"error": {"code": …, "message": …}}`, the body of every failed HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
}

//! From what the module printed to a response.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::answer::{Answer, CallError, Thumbnail};
use crate::error::ErrorCode;

/// The labels of a picture.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub(super) struct Recognition {
    /// The model that was asked.
    #[schema(example = "groceries")]
    pub(super) model: String,
    /// The likeliest labels, the likeliest first.
    pub(super) predictions: Vec<Prediction>,
}

/// One label.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub(super) struct Prediction {
    /// The label, in the language that was asked for.
    #[schema(example = "Vine tomato")]
    pub(super) label: String,
    /// The label's number in the model.
    #[schema(example = 79)]
    pub(super) index: u32,
    /// How likely it is.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.64)]
    pub(super) probability: f64,
}

/// A small picture that is still being made.
type PendingThumbnail = oneshot::Receiver<Result<Thumbnail, String>>;

/// What the module answered, ready to be sent.
#[derive(Debug)]
pub(super) struct ModuleAnswer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    /// A small copy of what the module saw, where it was asked for.
    thumbnail: Option<PendingThumbnail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpAnswer {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// Headers that belong to the connection, which is not the module's.
const CONNECTION_HEADERS: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TRAILER,
    header::TE,
];

impl ModuleAnswer {
    /// Reads an answer in the form that API gateways take: an object with `statusCode`; other JSON and other text is
    /// the body itself.
    ///
    /// # Errors
    /// The module's failures, without their details, which are logged instead.
    pub(super) fn from_call(result: Result<Answer, CallError>) -> Result<Self, Problem> {
        let answer = result.map_err(|error| {
            tracing::error!(%error, "the module did not answer");
            match error.code() {
                ErrorCode::Internal => internal(),
                code => Problem::new(code, error.to_string()),
            }
        })?;
        let text = String::from_utf8_lossy(&answer.stdout);
        if answer.exit_code != 0 || text.trim().is_empty() {
            let Answer { exit_code, stderr, .. } = &answer;
            tracing::error!(exit_code, stderr, "the module ended without an answer");
            return Err(internal());
        }
        let thumbnail = answer.thumbnail;
        match serde_json::from_str::<HttpAnswer>(&text) {
            Ok(answer) => Self::from_http(answer, thumbnail),
            Err(_) => {
                let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
                let kind = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
                let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
                Ok(Self { status: StatusCode::OK, headers, body: answer.stdout, thumbnail })
            }
        }
    }

    fn from_http(answer: HttpAnswer, thumbnail: Option<PendingThumbnail>) -> Result<Self, Problem> {
        let wrong = |what: &str| {
            tracing::error!(what, "the module's answer is not as the contract says");
            internal()
        };
        let status = StatusCode::from_u16(answer.status_code).map_err(|_| wrong("statusCode"))?;
        let body = answer.body.unwrap_or_default();
        let body = match answer.is_base64_encoded {
            Some(true) => base64_simd::STANDARD.decode_to_vec(body).map_err(|_| wrong("body (no base64)"))?,
            _ => body.into_bytes(),
        };
        let headers = answer.headers.unwrap_or_default();
        let headers = headers.iter().flat_map(header_values).collect();
        Ok(Self { status, headers, body, thumbnail })
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The labels, where the answer has them as JSON.
    pub(super) fn recognition(&self) -> Option<Recognition> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A small copy of the picture that was recognised; once.
    pub(super) fn take_thumbnail(&mut self) -> Option<PendingThumbnail> {
        self.thumbnail.take()
    }

    /// The body, where it is text.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}

/// The values of a header of the contract: a text, a number, or a list of them.
fn header_values((name, value): (&String, &Value)) -> Vec<(HeaderName, HeaderValue)> {
    let Ok(name) = HeaderName::try_from(name.as_str()) else {
        return Vec::new();
    };
    if CONNECTION_HEADERS.contains(&name) {
        return Vec::new();
    }
    let values = match value {
        Value::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    let texts = values.iter().filter_map(|value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    texts.filter_map(|text| Some((name.clone(), HeaderValue::try_from(text).ok()?))).collect()
}

impl IntoResponse for ModuleAnswer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

fn internal() -> Problem {
    Problem::new(ErrorCode::Internal, "the picture could not be recognised because of a fault on our side")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn printed(stdout: &str, exit_code: u32) -> Result<ModuleAnswer, Problem> {
        let answer =
            Answer { stdout: stdout.into(), exit_code, stderr: "secret".into(), ..Answer::default() };
        ModuleAnswer::from_call(Ok(answer))
    }

    #[test]
    fn status_headers_and_body_are_the_modules() {
        let answer = printed(
            r#"{"isBase64Encoded": true, "statusCode": 418, "body": "QUJD",
                "headers": {"X-One": "1", "x-many": ["a", 2], "content-length": "99", "bad name": "x"}}"#,
            0,
        );
        let answer = answer.unwrap();
        let names: Vec<_> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (418, &b"ABC"[..]));
        assert_eq!(names, [("x-one", "1"), ("x-many", "a"), ("x-many", "2")]);
    }

    #[test]
    fn a_module_that_knows_no_http_is_answered_for() {
        let text = printed("Lemon: 97.00%\n", 0).unwrap();
        assert_eq!(
            (text.status, text.headers[0].1.to_str().unwrap()),
            (StatusCode::OK, "text/plain; charset=utf-8")
        );
        let json = printed(r#"{"label": "Lemon"}"#, 0).unwrap();
        assert_eq!(json.headers[0].1.to_str().unwrap(), "application/json");
    }

    #[test]
    fn failures_of_the_module_are_ours_and_keep_their_secrets() {
        for (stdout, exit_code) in [("", 0), ("text", 3), (r#"{"statusCode": 9}"#, 0)] {
            let problem = printed(stdout, exit_code).unwrap_err();
            assert_eq!(problem.code, ErrorCode::Internal);
            assert!(!problem.message.contains("secret"));
        }
        let timeout = ModuleAnswer::from_call(Err(CallError::Timeout { limit: Duration::from_secs(2) }));
        assert_eq!(timeout.unwrap_err().code, ErrorCode::Timeout);
    }
}

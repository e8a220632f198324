//! What is written of a photo: one row, whatever became of it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use worker::answer::{Answer, CallError};

use super::photo_name::PhotoName;
use crate::trigger::recognition::{Prediction, Recognition, Recognized, recognition};

/// A photo with what became of it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: PhotoName,
    pub(super) result: Result<Said, Problem>,
}

/// What the module said of a photo.
#[derive(Debug)]
pub(super) enum Said {
    /// Labels.
    Labels(Recognition),
    /// Something else: JSON as it is, text as a string.
    Other(Value),
}

/// Why there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// A code of the contract or of the function, or one of [`UNREADABLE`], [`NOT_FOUND`] and [`NOT_TEXT`].
    pub(super) code: Cow<'static, str>,
    /// For people.
    pub(super) message: String,
}

/// The photo can't be read.
pub(super) const UNREADABLE: &str = "unreadable";
/// The photo is not there, or not any more.
pub(super) const NOT_FOUND: &str = "not_found";
/// The module's answer is neither JSON nor text.
pub(super) const NOT_TEXT: &str = "not_text";

impl Problem {
    pub(super) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

impl Row {
    /// The row of a photo that was given to a module.
    pub(super) fn of_call(name: PhotoName, result: Result<Answer, CallError>) -> Self {
        let result = match Recognized::from_call(result) {
            Recognized::Answered { said: answer, .. } => said(&answer.body),
            Recognized::Refused { code, reason, .. } => Err(Problem::new(code, reason)),
            Recognized::Failed { code, reason } => Err(Problem::new(code.name(), reason)),
        };
        Self { name, result }
    }

    /// The row of a photo that no module saw.
    pub(super) fn failed(name: PhotoName, problem: Problem) -> Self {
        Self { name, result: Err(problem) }
    }

    /// The row as it stands in the output; every format has the same fields.
    pub(super) fn fields(&self) -> Fields<'_> {
        let (labels, answer, error) = match &self.result {
            Ok(Said::Labels(labels)) => (Some(labels), None, None),
            Ok(Said::Other(answer)) => (None, Some(answer), None),
            Err(problem) => (None, None, Some(problem)),
        };
        Fields {
            path: self.name.text(),
            path_base64: self.name.base64(),
            model: labels.map(|labels| labels.model.as_str()),
            predictions: labels.map(|labels| labels.predictions.as_slice()),
            unsure: labels.is_some_and(|labels| labels.unsure),
            notice: labels.and_then(|labels| labels.notice.as_deref()),
            answer,
            error,
        }
    }
}

/// A row's fields, in the order in which they are written.
#[derive(Debug, Serialize)]
pub(super) struct Fields<'a> {
    pub(super) path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) predictions: Option<&'a [Prediction]>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) unsure: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'a Problem>,
}

fn said(body: &[u8]) -> Result<Said, Problem> {
    if let Some(labels) = recognition(body) {
        return Ok(Said::Labels(labels));
    }
    if let Ok(json) = serde_json::from_slice(body) {
        return Ok(Said::Other(json));
    }
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Said::Other(Value::String(text.trim_end().to_owned()))),
        Err(_) => Err(Problem::new(
            NOT_TEXT,
            format!("the function's answer is {} bytes of neither JSON nor text", body.len()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stdout: &str, exit_code: u32, stderr: &str) -> String {
        let answer = Answer { stdout: stdout.into(), stderr: stderr.into(), exit_code, ..Answer::default() };
        serde_json::to_string(&Row::of_call(PhotoName::new("a\n\u{2028}.jpg"), Ok(answer)).fields()).unwrap()
    }

    #[test]
    fn labels_answers_and_errors_are_one_line_each() {
        let labels = r#"{"model":"m","predictions":[{"label":"Lemon","index":3,"probability":0.9}],"unsure":true,"notice":"cut off"}"#;
        let http = serde_json::json!({"statusCode": 200, "body": labels}).to_string();
        assert_eq!(
            line(&http, 0, ""),
            "{\"path\":\"a\\n\u{2028}.jpg\",\"model\":\"m\",\"predictions\":[{\"label\":\"Lemon\",\"index\":3,\"probability\":0.9}],\
             \"unsure\":true,\"notice\":\"cut off\"}"
        );
        assert!(line(r#"{"width":3}"#, 0, "").ends_with(r#","answer":{"width":3}}"#));
        assert!(line("two\nlines\n", 0, "").ends_with(r#","answer":"two\nlines"}"#));
        assert!(
            line("", 15, "found GIF")
                .ends_with(r#","error":{"code":"unsupported_image","message":"found GIF"}}"#)
        );
        assert!(line("", 74, "too slow").ends_with(r#","error":{"code":"timeout","message":"too slow"}}"#));
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let answer =
            serde_json::json!({"statusCode": 200, "isBase64Encoded": true, "body": "/9j/"}).to_string();
        assert!(line(&answer, 0, "").contains(r#""error":{"code":"not_text""#));
    }
}

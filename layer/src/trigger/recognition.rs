//! What a module answered about a picture, as far as it is kept or told on: labels with their numbers, or a refusal.

use base64_simd::STANDARD;
use bytes::Bytes;
use contract::file::SUFFIX_HEADER;
use contract::{ErrorCode, HttpAnswer, Outcome};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use worker::answer::{Answer, CallError, Thumbnail};

use crate::history::{NewEntry, Seen};

/// The labels of a picture.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub(super) struct Recognition {
    /// The model that was asked.
    #[schema(example = "groceries")]
    pub(super) model: String,
    /// The likeliest labels, the likeliest first.
    pub(super) predictions: Vec<Prediction>,
    /// Whether the picture may show none of the things that the model knows; left out where it is not so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false, example = false)]
    pub(super) unsure: bool,
    /// What the caller should know of the picture, such as that a part of it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) notice: Option<String>,
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
pub(super) type PendingThumbnail = oneshot::Receiver<Result<Thumbnail, String>>;

/// What a module said of a picture.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Its words or bytes.
    pub(super) body: Bytes,
    /// The type that the module calls it.
    pub(super) content_type: Option<String>,
    /// The ending of the file that it becomes, in the module's word.
    pub(super) suffix: Option<String>,
}

/// What became of a picture that was given to a module as an HTTP event.
#[derive(Debug)]
pub(super) enum Recognized {
    /// What the module said of it.
    Answered {
        /// What it printed, or the HTTP answer that it printed.
        said: Said,
        /// A small copy of the picture, where it was asked for.
        thumbnail: Option<PendingThumbnail>,
    },
    /// The module has nothing to say of this picture, and never will.
    Refused {
        /// What kind of failure it is, in the module's word.
        code: String,
        /// Why.
        reason: String,
        /// The ending of the file that tells of it.
        suffix: Option<String>,
    },
    /// It failed, which may pass.
    Failed { code: ErrorCode, reason: String },
}

impl Recognized {
    /// Reads how a call ended; the module may know HTTP or not.
    pub(super) fn from_call(result: Result<Answer, CallError>) -> Self {
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "the module did not answer");
                return Self::refused_or_failed(error.code(), error.to_string());
            }
        };
        match answer.outcome() {
            Outcome::Refused { code, message } => return Self::refused_or_failed(code, message.to_owned()),
            Outcome::Broken { message } => return Self::internal(message.into_owned()),
            Outcome::Answer { .. } => {}
        }
        let Answer { stdout, thumbnail, .. } = answer;
        let answer = match HttpAnswer::parse(&String::from_utf8_lossy(&stdout)) {
            None => {
                return Self::Answered { said: Said { body: stdout.into(), ..Said::default() }, thumbnail };
            }
            Some(answer) if answer.status >= 400 => return Self::from_http_failure(&answer),
            Some(answer) => answer,
        };
        let header = |name| answer.header(name).map(str::to_owned);
        let (content_type, suffix) = (header("content-type"), header(SUFFIX_HEADER));
        let body = if answer.is_base64 {
            match STANDARD.decode_to_vec(&answer.body) {
                Ok(body) => body.into(),
                Err(_) => return Self::internal("the module's answer is no base64".to_owned()),
            }
        } else {
            answer.body.into()
        };
        Self::Answered { said: Said { body, content_type, suffix }, thumbnail }
    }

    fn from_http_failure(answer: &HttpAnswer) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Detail,
        }
        #[derive(Deserialize)]
        struct Detail {
            code: String,
            message: String,
        }
        let told: Option<Body> = serde_json::from_str(&answer.body).ok();
        let reason = told.as_ref().map_or_else(
            || format!("the module answered {}", answer.status),
            |Body { error }| error.message.clone(),
        );
        let word = told.map(|Body { error }| error.code).filter(|code| is_word(code));
        let known = ErrorCode::OF_FUNCTIONS.into_iter().find(|code| word.as_deref() == Some(code.name()));
        let is_the_callers =
            known.map_or_else(|| (400..500).contains(&answer.status), ErrorCode::is_the_callers);
        if !is_the_callers {
            return Self::Failed { code: known.unwrap_or(ErrorCode::Internal), reason };
        }
        // Functions may have kinds of refusals of their own, in words such as `no_person`.
        let code = word.unwrap_or_else(|| ErrorCode::BadRequest.name().to_owned());
        Self::Refused { code, reason, suffix: answer.header(SUFFIX_HEADER).map(str::to_owned) }
    }

    fn refused_or_failed(code: ErrorCode, reason: String) -> Self {
        if code.is_the_callers() {
            Self::Refused { code: code.name().to_owned(), reason, suffix: None }
        } else {
            Self::Failed { code, reason }
        }
    }

    fn internal(reason: String) -> Self {
        Self::Failed { code: ErrorCode::Internal, reason }
    }
}

/// Whether a code is a word such as `no_person`.
fn is_word(code: &str) -> bool {
    (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The labels in the body of an answer, where it is JSON of this project's functions.
pub(super) fn recognition(body: &[u8]) -> Option<Recognition> {
    serde_json::from_slice(body).ok()
}

/// What is to be kept of an answer, if it has labels. `model` is the one of answers that name none.
pub(super) fn new_entry(
    body: &[u8],
    thumbnail: Option<PendingThumbnail>,
    model: Option<&str>,
) -> Option<NewEntry> {
    let (model, predictions) = match recognition(body) {
        Some(recognition) => {
            let seen = recognition.predictions.into_iter().map(|prediction| Seen {
                label: shortened(&prediction.label),
                index: Some(prediction.index),
                probability: prediction.probability,
            });
            (Some(shortened(&recognition.model)), seen.take(MAX_KEPT).collect())
        }
        None => (model.map(str::to_owned), seen_in_lines(std::str::from_utf8(body).ok()?)?),
    };
    Some(NewEntry { thumbnail: thumbnail?, model, predictions })
}

/// Labels of a recognition that are kept.
const MAX_KEPT: usize = 3;

/// Letters of a label or a model's name that are kept: a module may print labels of megabytes.
const MAX_LETTERS: usize = 200;

fn shortened(text: &str) -> String {
    text.chars().take(MAX_LETTERS).collect()
}

/// Reads `label: 12.34%` lines.
fn seen_in_lines(text: &str) -> Option<Vec<Seen>> {
    let seen = |line: &str| {
        let (label, percent) = line.rsplit_once(": ")?;
        // As a text, since a division would turn 64.45 % into 0.6445000000000001.
        let probability = format!("{}e-2", percent.strip_suffix('%')?).parse().ok()?;
        Some(Seen { label: shortened(label), index: None, probability })
    };
    text.lines().take(MAX_KEPT).map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_labels() {
        let seen = seen_in_lines("Vine tomato: 64.45%\na: b: 2.00%\n").unwrap();
        assert_eq!((seen[0].label.as_str(), seen[0].probability), ("Vine tomato", 0.6445));
        assert_eq!(seen[1].label, "a: b");
        assert!(seen_in_lines("some other text").is_none());
        let long = seen_in_lines(&format!("{}: 1.00%", "é".repeat(5_000))).unwrap();
        assert_eq!(long[0].label.chars().count(), MAX_LETTERS);
    }

    fn printed(stdout: &str, exit_code: u32, stderr: &str) -> Recognized {
        let answer = Answer { stdout: stdout.into(), stderr: stderr.into(), exit_code, ..Answer::default() };
        Recognized::from_call(Ok(answer))
    }

    #[test]
    fn the_body_of_an_http_answer_and_plain_output_are_what_the_module_said() {
        for stdout in [
            r#"{"statusCode": 200, "body": "Lemon: 97.00%\n"}"#,
            r#"{"statusCode": 200, "isBase64Encoded": true, "body": "TGVtb246IDk3LjAwJQo="}"#,
            "Lemon: 97.00%\n",
        ] {
            let Recognized::Answered { said, .. } = printed(stdout, 0, "") else { panic!("{stdout}") };
            assert_eq!(said.body, "Lemon: 97.00%\n");
        }
    }

    #[test]
    fn an_answer_tells_its_type_and_the_ending_of_its_file() {
        let stdout = r#"{"statusCode": 200, "isBase64Encoded": true, "body": "AQI=",
            "headers": {"Content-Type": "image/png", "X-Vision-Suffix": ".cutout.png"}}"#;
        let Recognized::Answered { said, .. } = printed(stdout, 0, "") else { panic!("{stdout}") };
        let told = |text: &str| Some(text.to_owned());
        let body = Bytes::from_static(&[1, 2]);
        assert_eq!(said, Said { body, content_type: told("image/png"), suffix: told(".cutout.png") });
        let nobody = serde_json::json!({"statusCode": 422, "headers": {"x-vision-suffix": ".cutout.json"},
            "body": r#"{"error":{"code":"no_person","message":"nobody is in the picture"}}"#});
        let Recognized::Refused { code, suffix, .. } = printed(&nobody.to_string(), 0, "") else {
            panic!("{nobody}")
        };
        assert_eq!((code.as_str(), suffix), ("no_person", told(".cutout.json")));
    }

    #[test]
    fn a_refusal_is_told_by_its_code_status_or_exit_code() {
        let gif = r#"{"error":{"code":"unsupported_image","message":"found GIF"}}"#;
        let http = serde_json::json!({"statusCode": 415, "body": gif}).to_string();
        for (stdout, exit_code, stderr) in [(http.as_str(), 0, ""), ("", 15, "found GIF\n")] {
            let Recognized::Refused { code, reason, .. } = printed(stdout, exit_code, stderr) else {
                panic!("{stdout}")
            };
            assert_eq!((code.as_str(), reason.as_str()), ("unsupported_image", "found GIF"));
        }
        let other = printed(r#"{"statusCode": 418, "body": "no"}"#, 0, "");
        assert!(matches!(&other, Recognized::Refused { code, .. } if code == "bad_request"), "{other:?}");
    }

    #[test]
    fn what_may_pass_is_no_refusal() {
        for (stdout, exit_code) in [("", 0), ("", 70), ("", 9), (r#"{"statusCode": 503, "body": "no"}"#, 0)] {
            assert!(
                matches!(printed(stdout, exit_code, "x"), Recognized::Failed { .. }),
                "{stdout} {exit_code}"
            );
        }
        let timeout = CallError::Timeout { limit: std::time::Duration::from_secs(2) };
        assert!(matches!(Recognized::from_call(Err(timeout)), Recognized::Failed { .. }));
    }
}

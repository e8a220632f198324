//! The file beside a picture.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::address::ObjectAddress;
use super::output::Content;
use crate::trigger::recognition::{Prediction, recognition};

/// What an object may keep for us: the language of its labels.
pub(super) const LANGUAGE: &str = "vision-lang";

/// `{"bucket", "key", "labels": ["tomato: 97.12%", …], "model", "predictions", "unsure", "notice"}`; `error` and `code` in the place of
/// what follows the key.
///
/// No times and no request ids: the same picture has to give the same bytes.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::trigger) struct Labels {
    pub(in crate::trigger) bucket: String,
    pub(in crate::trigger) key: String,
    #[serde(flatten)]
    pub(in crate::trigger) result: LabelResult,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(in crate::trigger) enum LabelResult {
    /// What the module said.
    Labels {
        /// A line for each label.
        labels: Vec<String>,
        /// The model that was asked, where the module tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The same as the lines, where the module tells numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        predictions: Option<Vec<Prediction>>,
        /// Whether the picture may show none of the things that the model knows.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsure: bool,
        /// What should be known of the picture.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<String>,
    },
    /// Why there are no labels.
    Error {
        /// In words.
        error: String,
        /// As in answers.
        #[serde(default)]
        code: String,
    },
}

impl Labels {
    /// What a module answered, as JSON with predictions or as lines.
    pub(super) fn new(source: &ObjectAddress, answer: &[u8]) -> Self {
        let result = match recognition(answer) {
            Some(found) => LabelResult::Labels {
                labels: found.predictions.iter().map(line).collect(),
                model: Some(found.model),
                predictions: Some(found.predictions),
                unsure: found.unsure,
                notice: found.notice,
            },
            None => {
                let mut labels: Vec<String> =
                    String::from_utf8_lossy(answer).lines().map(str::to_owned).collect();
                let unsure = labels.pop_if(|line| contract::unsure::is_hint(line)).is_some();
                LabelResult::Labels { labels, model: None, predictions: None, unsure, notice: None }
            }
        };
        Self { bucket: source.bucket.clone(), key: source.key.clone(), result }
    }

    /// Why there are none.
    pub(super) fn without(source: &ObjectAddress, code: &str, reason: &str) -> Self {
        let result = LabelResult::Error { error: reason.to_owned(), code: code.to_owned() };
        Self { bucket: source.bucket.clone(), key: source.key.clone(), result }
    }

    /// The likeliest label, without its probability.
    pub(super) fn top(&self) -> Option<&str> {
        let LabelResult::Labels { labels, predictions, .. } = &self.result else { return None };
        match predictions {
            Some(predictions) => Some(&predictions.first()?.label),
            None => Some(labels.first()?.rsplit_once(": ")?.0),
        }
    }

    /// As it is written.
    pub(super) fn content(&self) -> Content {
        Content { content_type: "application/json".to_owned(), bytes: self.to_json() }
    }

    pub(super) fn to_json(&self) -> Bytes {
        format!("{:#}\n", serde_json::json!(self)).into()
    }
}

/// As functions print it.
fn line(Prediction { label, probability, .. }: &Prediction) -> String {
    format!("{label}: {:.2}%", probability * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_the_lines_of_the_answer() {
        let source = ObjectAddress {
            bucket: "vision-1250000000".into(),
            region: "ap-guangzhou".into(),
            key: "in/番茄.jpg".into(),
        };
        let json: serde_json::Value =
            serde_json::from_slice(&Labels::new(&source, b"Tomato: 97.12%\nLemon: 1.00%\n").to_json())
                .unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "bucket": "vision-1250000000",
                "key": "in/番茄.jpg",
                "labels": ["Tomato: 97.12%", "Lemon: 1.00%"]
            })
        );
        let unsure = format!("Tomato: 7.12%\n{}\n", contract::unsure::ENGLISH);
        let json: serde_json::Value =
            serde_json::from_slice(&Labels::new(&source, unsure.as_bytes()).to_json()).unwrap();
        assert_eq!((&json["labels"], &json["unsure"]), (&serde_json::json!(["Tomato: 7.12%"]), &true.into()));
    }

    #[test]
    fn an_answer_with_numbers_is_kept_with_them() {
        let source = ObjectAddress { bucket: "photos".into(), region: "r".into(), key: "a.jpg".into() };
        let answer = br#"{"model": "groceries", "predictions": [{"label": "Lemon", "index": 4, "probability": 0.97265625}]}"#;
        let labels = Labels::new(&source, answer);
        assert_eq!(labels.top(), Some("Lemon"));
        let json: serde_json::Value = serde_json::from_slice(&labels.to_json()).unwrap();
        assert_eq!(json["labels"], serde_json::json!(["Lemon: 97.27%"]));
        assert_eq!(json["predictions"][0]["probability"], 0.97265625);
        let read: Labels = serde_json::from_value(json).unwrap();
        assert!(matches!(read.result, LabelResult::Labels { predictions: Some(_), .. }));
        let refused = Labels::without(&source, "unsupported_image", "found GIF");
        let json: serde_json::Value = serde_json::from_slice(&refused.to_json()).unwrap();
        assert_eq!((&json["error"], &json["code"]), (&"found GIF".into(), &"unsupported_image".into()));
        assert!(matches!(serde_json::from_value::<Labels>(json).unwrap().result, LabelResult::Error { .. }));
    }
}

//! The file beside a picture.

use bytes::Bytes;
use serde::Serialize;

use super::address::ObjectAddress;

/// `{"bucket", "key", "labels": ["tomato: 97.12%", …]}`, or `error` in the place of `labels`.
///
/// No times and no request ids: the same picture has to give the same bytes.
#[derive(Debug, Serialize)]
pub(super) struct Labels<'a> {
    bucket: &'a str,
    key: &'a str,
    #[serde(flatten)]
    result: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Labels(Vec<String>),
    Error(String),
}

impl<'a> Labels<'a> {
    /// The lines that the module printed.
    pub(super) fn new(source: &'a ObjectAddress, answer: &[u8]) -> Self {
        let lines = String::from_utf8_lossy(answer).lines().map(str::to_owned).collect();
        Self { bucket: &source.bucket, key: &source.key, result: Outcome::Labels(lines) }
    }

    /// Why there are none.
    pub(super) fn without(source: &'a ObjectAddress, reason: &str) -> Self {
        Self { bucket: &source.bucket, key: &source.key, result: Outcome::Error(reason.to_owned()) }
    }

    pub(super) fn to_json(&self) -> Bytes {
        format!("{:#}\n", serde_json::json!(self)).into()
    }
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
    }
}

//! Recognises storage events that no trigger has handled: they name a picture instead of containing one.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::FunctionError;

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow, default, rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default, rename = "eventSource", alias = "EventSource")]
    source: Option<&'a str>,
    #[serde(default)]
    s3: Option<IgnoredAny>,
    #[serde(default)]
    cos: Option<IgnoredAny>,
}

/// What the sender of a storage's event is told; None for other events.
pub(crate) fn refusal(event: &str) -> Option<FunctionError> {
    let Notification { records } = serde_json::from_str(event).ok()?;
    let record = records.first()?;
    let storage = match (record.source, record.s3, record.cos) {
        (Some(source), Some(_), _) if source.starts_with("minio") => "MinIO",
        (_, Some(_), _) => "S3",
        (_, _, Some(_)) => "COS",
        _ => return None,
    };
    Some(FunctionError::bad_request(format!(
        "this is a storage event of {storage}: it names an object and has no picture in it; a trigger for {storage} has to \
         fetch that first"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_storages_are_named() {
        for (event, storage) in [
            (r#"{"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a.jpg"}}}]}"#, "S3"),
            (
                r#"{"EventName": "s3:ObjectCreated:Put", "Key": "b/a.jpg", "Records": [{"eventSource": "minio:s3", "s3": {}}]}"#,
                "MinIO",
            ),
            (r#"{"Records": [{"cos": {"cosObject": {}}, "event": {}}]}"#, "COS"),
        ] {
            let message = refusal(event).unwrap().message().to_owned();
            assert!(message.starts_with(&format!("this is a storage event of {storage}:")), "{message}");
        }
        for event in [r#"{"Records": []}"#, r#"{"Records": [{"CMQ": {}}]}"#, r#"{"Records": 5}"#, "{}", ""] {
            assert_eq!(refusal(event), None, "{event}");
        }
    }
}

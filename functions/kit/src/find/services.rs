//! Names events without a body: those of storages, which no trigger has handled, those of other services, and the rest by
//! their fields.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::FunctionError;

#[derive(Deserialize)]
struct Known {
    #[serde(default, rename = "Records")]
    records: Vec<Record>,
    #[serde(default, rename = "detail-type")]
    detail_type: Option<String>,
    #[serde(default)]
    source: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(default, rename = "eventSource", alias = "EventSource")]
    source: Option<String>,
    #[serde(default)]
    s3: Option<IgnoredAny>,
    #[serde(default)]
    cos: Option<IgnoredAny>,
    #[serde(default)]
    cf: Option<IgnoredAny>,
}

/// What the sender of an event without a body is told; None where there is nothing to name.
pub(crate) fn refusal(event: &str) -> Option<FunctionError> {
    let known = serde_json::from_str(event).ok().and_then(|known| named(&known));
    known.or_else(|| by_its_fields(event))
}

fn named(Known { records, detail_type, source }: &Known) -> Option<FunctionError> {
    let service =
        |text: &str| Some(FunctionError::no_picture(&format!("this is an event {text}, without a body")));
    if let (Some(kind), Some(source)) = (detail_type, source) {
        return service(&format!("{:?} of {}, by EventBridge", short(kind), short(source)));
    }
    let record = records.first()?;
    match (record.source.as_deref(), &record.s3, &record.cos) {
        (Some(source), Some(_), _) if source.starts_with("minio") => Some(storage("MinIO")),
        (_, Some(_), _) => Some(storage("S3")),
        (_, _, Some(_)) => Some(storage("COS")),
        _ if record.cf.is_some() => service("of CloudFront"),
        (Some(source), ..) => service(&format!("of {}", service_name(source))),
        _ => None,
    }
}

fn storage(name: &str) -> FunctionError {
    FunctionError::bad_request(format!(
        "this is a storage event of {name}: it names an object and has no picture in it; a trigger for {name} has to \
         fetch that first"
    ))
}

/// What AWS calls the service in prose.
fn service_name(source: &str) -> String {
    let known = match source {
        "aws:sqs" => "SQS",
        "aws:sns" => "SNS",
        "aws:dynamodb" => "DynamoDB",
        "aws:kinesis" => "Kinesis",
        "aws:ses" => "SES",
        "aws:codecommit" => "CodeCommit",
        other => return short(other),
    };
    known.to_owned()
}

/// Longer names are no names.
const MAX_LETTERS: usize = 40;

fn short(name: &str) -> String {
    name.chars().take(MAX_LETTERS).collect()
}

/// Fields that are enough to recognise an event by.
const MAX_FIELDS: usize = 8;

fn by_its_fields(event: &str) -> Option<FunctionError> {
    let fields: Fields = serde_json::from_str(event).ok()?;
    let names: Vec<String> = fields.0.iter().map(|name| short(name)).collect();
    (!names.is_empty()).then(|| {
        FunctionError::no_picture(&format!("the event has no body, only the fields {}", names.join(", ")))
    })
}

/// The first names of an object's fields, by the alphabet.
struct Fields(BTreeSet<String>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> serde::de::Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
            names.insert(name);
            if names.len() > MAX_FIELDS {
                names.pop_last();
            }
        }
        Ok(Fields(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(event: &str) -> String {
        refusal(event).unwrap().message().to_owned()
    }

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
            let message = message(event);
            assert!(message.starts_with(&format!("this is a storage event of {storage}:")), "{message}");
        }
    }

    #[test]
    fn events_of_other_services_are_named() {
        for (event, expected) in [
            (
                r#"{"Records": [{"eventSource": "aws:sqs", "body": "x"}]}"#,
                "this is an event of SQS, without a body; accepted",
            ),
            (r#"{"Records": [{"EventSource": "aws:sns", "Sns": {}}]}"#, "this is an event of SNS,"),
            (r#"{"Records": [{"eventSource": "aws:else"}]}"#, "this is an event of aws:else,"),
            (r#"{"Records": [{"cf": {"request": {}}}]}"#, "this is an event of CloudFront,"),
            (
                r#"{"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}"#,
                "this is an event \"Scheduled Event\" of aws.events, by EventBridge,",
            ),
        ] {
            assert!(message(event).starts_with(expected), "{}", message(event));
        }
    }

    #[test]
    fn any_other_event_is_told_by_its_fields() {
        for (event, fields) in [
            (r#"{"Type": "Timer", "Time": "2019-02-21T11:49:00Z"}"#, "Time, Type;"),
            (r#"{"Records": []}"#, "Records;"),
            (r#"{"Records": [{"CMQ": {}}]}"#, "Records;"),
            (r#"{"Records": 5}"#, "Records;"),
            (
                r#"{"k9":1,"k1":1,"k2":1,"k3":1,"k4":1,"k5":1,"k6":1,"k7":1,"k8":1}"#,
                "k1, k2, k3, k4, k5, k6, k7, k8;",
            ),
        ] {
            let expected = format!("the event has no body, only the fields {fields}");
            assert!(message(event).starts_with(&expected), "{}", message(event));
        }
        for event in ["{}", "", "[]", "5"] {
            assert_eq!(refusal(event), None, "{event}");
        }
    }

    proptest! {
        #[test]
        fn whatever_an_event_has_for_names_the_message_is_a_short_line(name in ".{0,200}", kind in ".{0,200}") {
            let event = serde_json::json!({&name: 1, "detail-type": kind, "source": name}).to_string();
            let message = message(&event);
            prop_assert!(!message.contains('\n') && message.len() < 1000, "{}", message);
        }
    }
}

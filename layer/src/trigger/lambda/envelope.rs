//! Who sent an event, and what storages say within the envelopes of other services.
//!
//! S3 calls the function itself, or its notification comes by SNS, SQS (also from SNS) or EventBridge (also by SQS). All are
//! turned into the plain notification, which the storage reads.
//!
//! Forms: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>, <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.

use contract::HttpForm;
use memchr::memmem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::trigger::managed::{Batch, Content, EventSource, Message};
use crate::trigger::objects::{Notification, Service};
use crate::trigger::reply::Form;

/// Envelopes within each other: a queue's, a topic's, and one more.
const MAX_LAYERS: usize = 3;

/// One of these stands in everything that is no caller's event.
const MARKS: [&[u8]; 3] = [b"\"Records\"", b"\"detail-type\"", TRIAL.as_bytes()];

/// What S3 sends once to a queue or topic when notifications are set up.
const TRIAL: &str = "s3:TestEvent";

/// Who sent `event`.
pub(super) fn source(event: &[u8], storage: &impl Service) -> EventSource {
    if let Some(form) = HttpForm::guess(event) {
        return EventSource::Caller(Form::Http(form));
    }
    // Without them nothing is parsed: a caller's event may be megabytes of base64.
    let is_marked = MARKS.iter().any(|mark| memmem::find(event, mark).is_some());
    let sent = is_marked.then(|| sent_by_a_service(event, storage)).flatten();
    sent.unwrap_or(EventSource::Caller(Form::Bare))
}

/// What only some of the services write; other fields are skipped.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default, rename = "Records")]
    records: Vec<EnvelopeRecord>,
    /// A topic's message in a queue.
    #[serde(default, rename = "Message")]
    message: Option<String>,
    #[serde(default, rename = "Event")]
    trial: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default, rename = "detail-type")]
    detail_type: Option<String>,
    #[serde(default)]
    detail: Lenient<Detail>,
    #[serde(default)]
    region: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeRecord {
    #[serde(default, alias = "EventSource")]
    event_source: Option<String>,
    #[serde(default, rename = "eventSourceARN")]
    arn: Option<String>,
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default, rename = "Sns")]
    sns: Option<Topic>,
}

#[derive(Deserialize)]
struct Topic {
    #[serde(rename = "Message")]
    message: String,
}

/// Of S3, by way of EventBridge.
#[derive(Deserialize)]
struct Detail {
    bucket: Bucket,
    object: Object,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    /// As it is, not encoded.
    key: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    etag: Option<String>,
    #[serde(default, rename = "version-id")]
    version_id: Option<String>,
    #[serde(default)]
    sequencer: Option<String>,
}

/// A field that other services fill with anything.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Known(T),
    Other(IgnoredAny),
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl EnvelopeRecord {
    fn is_of(&self, service: &str) -> bool {
        self.event_source.as_deref() == Some(service)
    }
}

/// The source of an event that is no caller's; nothing if no storage speaks in it.
fn sent_by_a_service(event: &[u8], storage: &impl Service) -> Option<EventSource> {
    let envelope: Envelope = serde_json::from_slice(event).ok()?;
    if envelope.records.first().is_some_and(|record| record.is_of("aws:sqs")) {
        return queue(envelope.records, storage).map(EventSource::Queue);
    }
    match content(&envelope, event, storage, MAX_LAYERS)? {
        Content::Notification(notification) => Some(EventSource::ObjectStorage(notification)),
        Content::Trial => Some(EventSource::Trial),
        Content::Unknown(_) => None,
    }
}

/// The messages of a queue, if a storage speaks in one of them at least; otherwise they are the module's.
fn queue(records: Vec<EnvelopeRecord>, storage: &impl Service) -> Option<Batch> {
    let is_ordered =
        records.iter().any(|record| record.arn.as_deref().is_some_and(|arn| arn.ends_with(".fifo")));
    let messages = records.into_iter().map(|record| Message {
        id: record.message_id.unwrap_or_default(),
        content: record.body.map_or_else(
            || Content::Unknown("the message has no body".to_owned()),
            |body| {
                text_content(&body, storage, MAX_LAYERS).unwrap_or_else(|| Content::Unknown(described(&body)))
            },
        ),
    });
    let messages: Vec<Message> = messages.collect();
    let is_ours = messages.iter().any(|message| !matches!(message.content, Content::Unknown(_)));
    is_ours.then_some(Batch { messages, is_ordered })
}

fn text_content(text: &str, storage: &impl Service, layers: usize) -> Option<Content> {
    content(&serde_json::from_str(text).ok()?, text.as_bytes(), storage, layers)
}

/// What a storage says in `envelope`, which was read from `text`.
fn content(envelope: &Envelope, text: &[u8], storage: &impl Service, layers: usize) -> Option<Content> {
    let layers = layers.checked_sub(1)?;
    if envelope.trial.as_deref() == Some(TRIAL) {
        return Some(Content::Trial);
    }
    if let (Some("aws.s3"), Lenient::Known(detail)) = (envelope.source.as_deref(), &envelope.detail) {
        let kind = envelope.detail_type.as_deref().unwrap_or_default();
        let plain = plain_notification(detail, kind, envelope.region.as_deref());
        return Notification::of(plain.to_string().as_bytes(), storage).map(Content::Notification);
    }
    if let Some(message) = &envelope.message {
        return text_content(message, storage, layers);
    }
    if envelope.records.first().is_some_and(|record| record.is_of("aws:sns")) {
        let topics = envelope.records.iter().filter_map(|record| record.sns.as_ref());
        let contents: Option<Vec<Content>> =
            topics.map(|topic| text_content(&topic.message, storage, layers)).collect();
        return joined(contents?);
    }
    Notification::of(text, storage).map(Content::Notification)
}

/// All that several messages say; a platform sends one.
fn joined(contents: Vec<Content>) -> Option<Content> {
    contents.into_iter().reduce(|all, one| match (all, one) {
        (Content::Notification(all), Content::Notification(one)) => Content::Notification(all.and(one)),
        (Content::Trial, other) | (other, _) => other,
    })
}

/// A key in a notification may have slashes; everything else is encoded.
const IN_KEYS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// EventBridge's words for something that happened to an object, in S3's own.
fn plain_notification(detail: &Detail, kind: &str, region: Option<&str>) -> Value {
    let Detail { bucket, object, reason } = detail;
    let event_name = match kind {
        "Object Created" => format!("ObjectCreated:{}", reason.replace(' ', "")),
        other => other.replace(' ', ""),
    };
    json!({"Records": [{
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventName": event_name,
        "s3": {
            "bucket": {"name": bucket.name},
            "object": {
                "key": utf8_percent_encode(&object.key, IN_KEYS).to_string(),
                "size": object.size,
                "eTag": object.etag,
                "versionId": object.version_id,
                "sequencer": object.sequencer,
            },
        },
    }]})
}

/// Names that are enough to recognise an event by.
const NAMES: usize = 8;

/// Letters of a name that are told: a name may have megabytes.
const MAX_LETTERS: usize = 60;

fn shortened(name: &str) -> String {
    name.chars().take(MAX_LETTERS).collect()
}

/// What a message is that no storage sent: the names of its fields, never what is in them.
fn described(body: &str) -> String {
    const ACCEPTED: &str = "accepted are notifications of S3 and MinIO, also by SNS and EventBridge";
    let found = match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(fields)) if fields.contains_key("detail-type") => {
            let shown = |name| shortened(&fields.get(name).unwrap_or(&Value::Null).to_string());
            format!("an event {} of {}", shown("detail-type"), shown("source"))
        }
        Ok(Value::Object(fields)) => {
            let names: Vec<String> = fields.keys().take(NAMES).map(|name| shortened(name)).collect();
            format!("JSON with the fields {}", names.join(", "))
        }
        Ok(_) => "JSON that is no object".to_owned(),
        Err(_) => format!("{} bytes that are no JSON", body.len()),
    };
    format!("found {found}; {ACCEPTED}")
}

#[cfg(test)]
mod tests;

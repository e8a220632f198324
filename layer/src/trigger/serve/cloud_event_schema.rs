//! What a CloudEvent is, for the description of the interface; `cloud_events` reads and writes them.

use serde_json::Value;
use utoipa::ToSchema;

/// A CloudEvent of version 1.0. What it carries is in `data` or in `data_base64`; more attributes may stand beside these.
#[derive(ToSchema)]
#[schema(as = CloudEvent)]
#[expect(dead_code, reason = "only describes what is accepted and answered")]
pub(super) struct CloudEventJson {
    /// `1.0`.
    #[schema(example = "1.0", pattern = r"^1\.0$")]
    specversion: String,
    /// Of one source, no two have the same.
    #[schema(example = "7b1c", min_length = 1)]
    id: String,
    /// Where it comes from.
    #[schema(example = "/camera/1", min_length = 1)]
    source: String,
    /// What it tells of.
    #[schema(example = "com.example.photo.taken", min_length = 1)]
    r#type: String,
    /// What it is about: the key of an object, or what the event before said.
    #[schema(example = "in/tomato.jpg", nullable = false)]
    subject: Option<String>,
    /// When it was (RFC 3339).
    #[schema(example = "2026-11-30T08:00:00Z", nullable = false)]
    time: Option<String>,
    /// The media type of what it carries.
    #[schema(example = "application/json", nullable = false)]
    datacontenttype: Option<String>,
    /// What it carries, as JSON or as text.
    data: Option<Value>,
    /// The same as base64.
    #[schema(nullable = false)]
    data_base64: Option<String>,
}

/// CloudEvents; each that is none gets an answer, too.
#[derive(ToSchema)]
#[schema(as = CloudEventBatch)]
#[expect(dead_code, reason = "only describes what is accepted and answered")]
pub(super) struct CloudEventBatch(Vec<Value>);

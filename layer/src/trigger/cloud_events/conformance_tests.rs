//! The cases of CloudEvents' own conformance tests, with events of our own in their places: each scenario of
//! `features/http-protocol-binding.feature` and each event of `yaml/v1.yaml` and `yaml/v1.0/v1_minimum.yaml` in
//! <https://github.com/cloudevents/conformance>. Its Kafka features and version 0.3 have no twins: neither is spoken here.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use serde_json::{Value, json};

use super::*;

/// Attributes that every event of this file has.
const ATTRIBUTES: [(&str, &str); 5] = [
    ("id", "7-7-7"),
    ("source", "/camera/yard"),
    ("specversion", "1.0"),
    ("time", "2026-12-01T03:56:24Z"),
    ("type", "org.example.photo"),
];

fn in_headers(extensions: &[(&str, &str)], content_type: Option<&str>, data: &str) -> CloudEvent {
    let mut headers = HeaderMap::new();
    let attributes = ATTRIBUTES.iter().chain(extensions).map(|(name, value)| (format!("ce-{name}"), *value));
    // What the transport says by itself is no part of the event.
    let others =
        [("user-agent", "camera"), ("host", "example.org")].map(|(name, value)| (name.to_owned(), value));
    let content_type = content_type.map(|kind| ("content-type".to_owned(), kind));
    for (name, value) in attributes.chain(others).chain(content_type) {
        headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    assert_eq!(Mode::of(&headers), Ok(Some(Mode::Binary)));
    CloudEvent::from_binary(&headers, Bytes::copy_from_slice(data.as_bytes())).unwrap()
}

fn in_json(content_type: &str, extensions: &[(&str, &str)], kind: Option<&str>, data: &Value) -> CloudEvent {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
    headers.insert("user-agent", HeaderValue::from_static("camera"));
    assert_eq!(Mode::of(&headers), Ok(Some(Mode::Structured)));
    let kind = kind.map(|kind| ("datacontenttype", kind));
    let fields = ATTRIBUTES.iter().chain(extensions).copied().chain(kind);
    let mut event: serde_json::Map<String, Value> =
        fields.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    event.insert("data".to_owned(), data.clone());
    from_structured(&Bytes::from(Value::Object(event).to_string())).unwrap()
}

/// The event has these attributes, and no other.
fn assert_attributes(event: &CloudEvent, more: &[(&str, &str)]) {
    let mut expected = [&ATTRIBUTES[..], more].concat();
    expected.sort_unstable();
    assert_eq!(event.attributes.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn http_binding_binary_content_mode() {
    for content_type in ["application/json", "application/json; charset=utf-8"] {
        let event = in_headers(&[], Some(content_type), "{\n    \"shelf\": \"Tomaten\"\n}\n");
        assert_attributes(&event, &[("datacontenttype", content_type)]);
        assert_eq!(serde_json::from_slice::<Value>(&event.data).unwrap(), json!({"shelf": "Tomaten"}));
    }
}

#[test]
fn http_binding_structured_content_mode() {
    for content_type in ["application/cloudevents+json", "application/cloudevents+json; charset=utf-8"] {
        let event = in_json(content_type, &[], Some("application/json"), &json!({"shelf": "Tomaten"}));
        assert_attributes(&event, &[("datacontenttype", "application/json")]);
        assert_eq!(serde_json::from_slice::<Value>(&event.data).unwrap(), json!({"shelf": "Tomaten"}));
    }
}

const EXTENSIONS: [(&str, &str); 2] = [("shelfextension1", "value"), ("shelfextension2", r#"{"row": 5}"#)];

#[test]
fn yaml_v1_binary_with_extensions() {
    let event = in_headers(&EXTENSIONS, None, r#"{"shelf":"Tomaten"}"#);
    assert_attributes(&event, &EXTENSIONS);
    assert_eq!(event.data, r#"{"shelf":"Tomaten"}"#);
}

#[test]
fn yaml_v1_structured_with_extensions() {
    let event = in_json("application/cloudevents+json", &EXTENSIONS, None, &json!({"shelf": "Tomaten"}));
    assert_attributes(&event, &EXTENSIONS);
    assert_eq!(event.data, r#"{"shelf":"Tomaten"}"#);
}

#[test]
fn yaml_v1_minimum_of_every_kind_of_data() {
    for (content_type, data) in [
        ("text/plain; charset=us-ascii", "Tomaten!\n"),
        ("text/plain; charset=utf-8", "番茄 🍅!\n"),
        ("application/json; charset=utf-8", "\"番茄 🍅!\"\n"),
        ("application/json; charset=utf-8", "{\"name\":\"番茄 🍅!\"}\n"),
        ("application/json; charset=utf-8", "[\"番茄\",\"🍅!\"]\n"),
        ("application/xml; charset=utf-8", "<name>番茄 🍅!</name>\n"),
    ] {
        let sent = in_headers(&[], Some(content_type), data);
        assert_attributes(&sent, &[("datacontenttype", content_type)]);
        assert_eq!(sent.data, data);
        // In JSON it is the value itself, of which a text is taken without its quotes.
        let is_json = content_type.starts_with("application/json");
        let value: Value = if is_json { serde_json::from_str(data).unwrap() } else { json!(data) };
        let sent = in_json("application/cloudevents+json", &[], Some(content_type), &value);
        assert_attributes(&sent, &[("datacontenttype", content_type)]);
        assert_eq!(sent.data, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
}

//! Events by the rules of the specification: what is one, what is none, and that nothing is lost on the way.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn structured(event: &Value) -> Result<CloudEvent, NoEvent> {
    from_structured(&Bytes::from(event.to_string()))
}

/// The least that an event has, with these fields more (or in the place of its own).
fn event(fields: &Value) -> Value {
    let mut event = json!({"specversion": "1.0", "id": "1", "source": "/camera", "type": "photo.taken"});
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(HeaderName::try_from(*name).unwrap(), value);
    }
    headers
}

const LEAST: [(&str, &str); 4] =
    [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/camera"), ("ce-type", "photo.taken")];

fn binary(lines: &[(&str, &str)]) -> Result<CloudEvent, NoEvent> {
    CloudEvent::from_binary(&headers(&[&LEAST, lines].concat()), Bytes::new())
}

#[test]
fn the_mode_is_told_by_the_media_type_and_else_by_a_header() {
    let mode = |lines: &[(&str, &str)]| Mode::of(&headers(lines));
    for (content_type, expected) in [
        ("application/cloudevents+json", Mode::Structured),
        ("application/cloudevents+json; charset=utf-8", Mode::Structured),
        ("Application/CloudEvents+JSON ;charset=UTF-8", Mode::Structured),
        ("application/cloudevents-batch+json", Mode::Batched),
        ("application/cloudevents-batch+json; charset=UTF-8", Mode::Batched),
    ] {
        assert_eq!(mode(&[("content-type", content_type)]), Ok(Some(expected)), "{content_type}");
    }
    assert_eq!(mode(&[("content-type", "image/jpeg"), ("ce-specversion", "1.0")]), Ok(Some(Mode::Binary)));
    assert_eq!(mode(&[("ce-specversion", "1.0")]), Ok(Some(Mode::Binary)));
    for plain in [&[("content-type", "image/jpeg")][..], &[], &[("ce-id", "1")]] {
        assert_eq!(mode(plain), Ok(None));
    }
    for other in
        ["application/cloudevents+avro", "application/cloudevents", "application/cloudevents-batch+xml"]
    {
        assert!(mode(&[("content-type", other)]).unwrap_err().0.contains("accepted are"), "{other}");
    }
}

#[test]
fn headers_are_attributes_and_the_content_type_is_one_of_them() {
    let event = CloudEvent::from_binary(
        &headers(
            &[
                &LEAST[..],
                &[
                    ("Content-Type", "application/json; charset=utf-8"),
                    ("ce-time", "2026-11-30T08:00:00Z"),
                    ("CE-Subject", "in/a.jpg"),
                    ("ce-myextension", "7"),
                    ("ce-datacontenttype", "image/png"),
                    ("accept", "*/*"),
                ],
            ]
            .concat(),
        ),
        Bytes::from_static(b"{}"),
    )
    .unwrap();
    let attributes: Vec<_> = event.attributes.iter().collect();
    assert_eq!(
        attributes,
        [
            ("datacontenttype", "application/json; charset=utf-8"),
            ("id", "1"),
            ("myextension", "7"),
            ("source", "/camera"),
            ("specversion", "1.0"),
            ("subject", "in/a.jpg"),
            ("time", "2026-11-30T08:00:00Z"),
            ("type", "photo.taken"),
        ]
    );
    assert_eq!(event.data, "{}");
}

#[test]
fn values_of_headers_are_decoded_once_and_without_their_quotes() {
    for (sent, meant) in [
        ("plain", "plain"),
        ("a%20b", "a b"),
        ("Caf%C3%A9%20%f0%9f%8d%85", "Café 🍅"),
        ("%2525", "%25"),
        ("%50hoto", "Photo"),
        ("100%", "100%"),
        (r#""quoted text""#, "quoted text"),
        (r#""a \"b\" \\ c""#, r#"a "b" \ c"#),
        (r#""%41""#, "A"),
        ("番茄", "番茄"),
        ("a(b)", "a(b)"),
    ] {
        assert_eq!(binary(&[("ce-subject", sent)]).unwrap().attributes.get("subject"), Some(meant), "{sent}");
    }
    for wrong in ["%C0%A0", "%ff", r#""open"#, r#""a"b"#, r#""a\"#, "%00", "a%0Ab", "%C2%80"] {
        assert!(binary(&[("ce-subject", wrong)]).is_err(), "{wrong}");
    }
    let bytes = HeaderValue::from_bytes(b"\xff").unwrap();
    let mut headers = headers(&LEAST);
    headers.insert("ce-subject", bytes);
    assert!(CloudEvent::from_binary(&headers, Bytes::new()).is_err());
}

#[test]
fn values_are_written_so_that_any_header_carries_them() {
    let attributes = Attributes::new("1".into(), "/v1".into(), "t", "2026-11-30T08:00:00Z".into());
    let attributes = attributes.with("subject", Some("in/番 \"100%\" ~.jpg".into()));
    let mut headers = HeaderMap::new();
    to_headers(&attributes, &mut headers);
    assert_eq!(headers["ce-subject"], "in/%E7%95%AA%20%22100%25%22%20~.jpg");
    assert_eq!(headers.len(), 6);
}

#[test]
fn the_data_is_bytes_in_whatever_form_it_came() {
    for (fields, bytes) in [
        (json!({}), &b""[..]),
        (json!({"data": null, "subject": null}), b""),
        (json!({"data": "a \"text\""}), b"a \"text\""),
        (json!({"data": {"image": "QUJD"}}), br#"{"image":"QUJD"}"#),
        (json!({"data": [1, true]}), b"[1,true]"),
        (json!({"data": 1.5}), b"1.5"),
        (json!({"data": false}), b"false"),
        (json!({"data_base64": "/9j/4A=="}), b"\xff\xd8\xff\xe0"),
        (json!({"data_base64": ""}), b""),
    ] {
        assert_eq!(structured(&event(&fields)).unwrap().data, bytes, "{fields}");
    }
    let escaped = br#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"\/9j\/4A=="}"#;
    assert_eq!(from_structured(&Bytes::from_static(escaped)).unwrap().data, b"\xff\xd8\xff\xe0"[..]);
}

#[test]
fn extensions_may_be_texts_booleans_and_integers() {
    let event = structured(&event(&json!({"on": true, "count": -7, "text": "x", "none": null}))).unwrap();
    let get = |name| event.attributes.get(name);
    assert_eq!(
        (get("on"), get("count"), get("text"), get("none")),
        (Some("true"), Some("-7"), Some("x"), None)
    );
}

#[test]
fn what_the_specification_forbids_is_no_event() {
    for missing in ["id", "source", "specversion", "type"] {
        for value in [Value::Null, json!("")] {
            let error = structured(&event(&json!({missing: value}))).unwrap_err();
            assert!(error.0.contains(missing), "{error}");
        }
        let lines: Vec<_> =
            LEAST.into_iter().filter(|(name, _)| name.strip_prefix("ce-") != Some(missing)).collect();
        let error = CloudEvent::from_binary(&headers(&lines), Bytes::new()).unwrap_err();
        assert_eq!(error.0, format!("it lacks {missing}"));
    }
    for (name, wrong) in [
        ("specversion", json!("0.3")),
        ("specversion", json!("1.1")),
        ("specversion", json!(1.0)),
        ("id", json!(25)),
        ("id", json!({"a": "b"})),
        ("type", json!(["a"])),
        ("subject", json!("")),
        ("dataschema", json!("")),
        ("datacontenttype", json!("")),
        ("datacontenttype", json!("jpeg")),
        ("datacontenttype", json!("/jpeg")),
        ("time", json!("lunch")),
        ("time", json!("2026-11-30T08:00Z")),
        ("time", json!(1)),
        ("MyExtension", json!("x")),
        ("my_extension", json!("x")),
        ("my.extension", json!("x")),
        ("extension", json!(1.5)),
        ("extension", json!(2_147_483_648_u32)),
        ("extension", json!({})),
        ("extension", json!("two\nlines")),
        ("", json!("x")),
    ] {
        let error = structured(&event(&json!({name: wrong}))).unwrap_err();
        assert!(error.0.contains("accepted"), "{name} {wrong}: {error}");
    }
    for other in ["[]", "3", "\"text\"", "null", "", "{", r#"{"id":"1","id":"2"}"#] {
        assert!(from_structured(&Bytes::from_static(other.as_bytes())).is_err(), "{other}");
    }
    for data in [
        json!({"data": "a", "data_base64": "QQ=="}),
        json!({"data_base64": "no!"}),
        json!({"data_base64": 3}),
    ] {
        assert!(structured(&event(&data)).is_err(), "{data}");
    }
    for twice in [("ce-id", "2"), ("content-type", "image/png")] {
        let error = binary(&[("content-type", "image/jpeg"), twice]).err();
        // A second content type is not looked at, as elsewhere.
        assert_eq!(error.is_some(), twice.0 == "ce-id");
    }
}

#[test]
fn what_an_event_says_is_bounded() {
    let long = "x".repeat(MAX_VALUE_BYTES + 1);
    assert!(structured(&event(&json!({"subject": long}))).unwrap_err().0.contains("8193 bytes"));
    let many: serde_json::Map<String, Value> = (0..61).map(|n| (format!("e{n}"), json!("x"))).collect();
    assert!(structured(&event(&Value::Object(many))).unwrap_err().0.contains("more than 64 attributes"));
}

#[test]
fn a_batch_has_a_place_for_each_event_whatever_it_is() {
    let batch =
        json!([event(&json!({"id": "a"})), "text", event(&json!({"id": null})), event(&json!({"id": "b"}))]);
    let events = from_batch(&Bytes::from(batch.to_string()), 4).unwrap();
    let ids: Vec<_> =
        events.iter().map(|event| event.as_ref().ok().and_then(|event| event.attributes.get("id"))).collect();
    assert_eq!(ids, [Some("a"), None, None, Some("b")]);
    assert_eq!(from_batch(&Bytes::from_static(b"[]"), 4), Ok(Vec::new()));
    assert!(from_batch(&Bytes::from(batch.to_string()), 3).unwrap_err().0.contains("more than 3 events"));
    for wrong in ["{}", "[", "[1", "3", "[1,]"] {
        assert!(from_batch(&Bytes::from_static(wrong.as_bytes()), 4).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_written_is_of_the_kind_that_it_says() {
    let of = |content_type: &str, data: &[u8]| {
        let attributes = Attributes::new("1".into(), "/v1".into(), "t", "2026-11-30T08:00:00Z".into());
        let attributes = attributes.with("datacontenttype", Some(content_type.to_owned()));
        let json = to_structured(&Written { attributes: &attributes, data });
        serde_json::from_slice::<Value>(&json).unwrap()
    };
    assert_eq!(of("application/json; charset=utf-8", br#"{"a": 1}"#)["data"], json!({"a": 1}));
    assert_eq!(of("application/problem+json", b"[1]")["data"], json!([1]));
    assert_eq!(of("text/plain; charset=utf-8", "番茄".as_bytes())["data"], json!("番茄"));
    assert_eq!(of("image/png", b"\x89PNG")["data_base64"], json!("iVBORw=="));
    assert_eq!(of("application/json", b"no json")["data_base64"], json!("bm8ganNvbg=="));
    let empty = of("image/png", b"");
    assert!(empty.get("data").is_none() && empty.get("data_base64").is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_an_event_or_none(kind in 0_u8..3, input in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzzing::read(&[&[kind], input.as_slice()].concat());
    }

    #[test]
    fn almost_events_are_events_or_none(
        kind in 0_u8..2,
        json in r#"\[?\{"specversion":"1.0","id":"[a-z]","source":"/","type":"t"(,"(id|time|subject|datacontenttype|data|data_base64|ext)":("[ -~]{0,9}"|[0-9]{1,3}|null|true|\{"a":1\})){0,4}\}\]?"#,
    ) {
        fuzzing::read(&[&[kind], json.as_bytes()].concat());
    }

    #[test]
    fn headers_are_an_event_or_none(
        lines in proptest::collection::vec((r"(ce-(id|type|source|specversion|time|subject|e[a-z]{1,3})|content-type)", r#"[ -~é番]{0,12}|1\.0"#), 0..9),
        body in ".{0,20}",
    ) {
        let head: String = lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        fuzzing::read(&[b"\x02", head.as_bytes(), b"\n", body.as_bytes()].concat());
    }

    #[test]
    fn any_text_comes_back_from_a_header(text in "[^\\x00-\\x1f\\x7f-\\u{9f}]{1,80}") {
        let attributes = Attributes::new("1".into(), text.clone(), "t", "2026-11-30T08:00:00Z".into());
        let mut headers = HeaderMap::new();
        to_headers(&attributes, &mut headers);
        prop_assert!(headers.values().all(|value| value.as_bytes().iter().all(u8::is_ascii_graphic)));
        let read = CloudEvent::from_binary(&headers, Bytes::new()).unwrap();
        prop_assert_eq!(read.attributes.get("source"), Some(text.as_str()));
    }
}

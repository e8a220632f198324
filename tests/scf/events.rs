//! Good and bad events of every kind, and what the platform gets back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use support::read;
use support::scf::{Endpoint, Event, Outcome, Spelling};

use crate::program::answer_at_the_prompt;
use crate::session::Session;

/// One of the platform's own events with a picture as its body.
pub(crate) fn with_picture(event: &str, picture: &str) -> Vec<u8> {
    let mut event: Value = serde_json::from_slice(&read(event)).unwrap();
    event["body"] = json!(BASE64_STANDARD.encode(read(picture)));
    event.to_string().into()
}

pub(crate) const FUNCTION_URL: &str = "tests/events/scf/function-url.json";
pub(crate) const API_GATEWAY: &str = "tests/events/scf/api-gateway.json";
pub(crate) const LEMON: &str = "tests/samples/lemon.jpg";

/// Status and body of an HTTP answer.
pub(crate) fn http_answer(outcome: &Outcome) -> (u64, Value) {
    assert_eq!(outcome.endpoint, Endpoint::Response, "{outcome:?}");
    let answer: Value = serde_json::from_str(&outcome.body).unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].as_u64().unwrap(), body)
}

/// Code and message of a failed invocation.
pub(crate) fn failure(outcome: &Outcome) -> (String, String) {
    assert_eq!(outcome.endpoint, Endpoint::Error, "{outcome:?}");
    let body: Value = serde_json::from_str(&outcome.body).unwrap();
    let text = |name: &str| body["error"][name].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

#[test]
fn a_bare_event_gets_three_lines() {
    let session = Session::packaged();
    let outcome = session.answer(Event::new(read("tests/tomato.json")));
    assert_eq!(outcome.endpoint, Endpoint::Response);
    assert_eq!(outcome.body.lines().count(), 3, "{}", outcome.body);
    assert!(outcome.body.lines().next().unwrap().contains("omato: "), "{}", outcome.body);
    session.finish();
}

#[test]
fn requests_by_function_url_and_by_api_gateway_get_http_answers() {
    let session = Session::packaged();
    for event in [with_picture(FUNCTION_URL, LEMON), with_picture(API_GATEWAY, LEMON)] {
        let outcome = session.answer(Event::new(event.clone()));
        assert_eq!(outcome.body, answer_at_the_prompt(&event));
        let (status, body) = http_answer(&outcome);
        assert_eq!((status, body["predictions"].as_array().unwrap().len()), (200, 3));
    }
    session.finish();
}

#[test]
fn requests_without_a_picture_get_the_status_that_says_so() {
    let session = Session::packaged();
    for event in [FUNCTION_URL, API_GATEWAY] {
        let (status, body) = http_answer(&session.answer(Event::new(read(event))));
        assert_eq!((status, &body["error"]["code"]), (400, &json!("bad_request")), "{body}");
    }
    let gif =
        json!({"httpMethod": "POST", "path": "/", "body": BASE64_STANDARD.encode(b"GIF89a\x01\0\x01\0")});
    let (status, body) = http_answer(&session.answer(Event::new(gif.to_string())));
    assert_eq!((status, &body["error"]["code"]), (415, &json!("unsupported_image")), "{body}");
    session.finish();
}

#[test]
fn bad_bare_events_fail_with_a_reason_and_the_next_one_is_answered() {
    let session = Session::packaged();
    for (event, expected, reason) in [
        ("", "bad_request", "the event is empty"),
        ("{}", "bad_request", "body"),
        ("null", "bad_request", "the event is JSON, but no object"),
        ("{\"body\": \"", "bad_request", "the event is not as expected"),
        (r#"{"body": "R0lGODlhAQABAA=="}"#, "unsupported_image", "GIF"),
        (r#"{"body": "/9j/"}"#, "undecodable_image", "the JPEG can't be decoded"),
    ] {
        let (code, message) = failure(&session.answer(Event::new(event)));
        assert_eq!(code, expected);
        assert!(message.contains(reason), "{event}: {message}");
    }
    let (_, message) = failure(&session.answer(Event::new(read("tests/events/scf/timer.json"))));
    assert!(message.contains("body"), "{message}");
    let outcome = session.answer(Event::new(read("tests/tomato.json")));
    assert_eq!(outcome.endpoint, Endpoint::Response);
    session.finish();
}

#[test]
fn a_module_that_traps_fails_the_event_and_the_next_one_is_answered() {
    let session = Session::module(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\02\00\00\00")
            (func (export "_start")
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (if (i32.ne (i32.load8_u (i32.const 16)) (i32.const 123)) (then unreachable))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
    );
    let (code, message) = failure(&session.answer(Event::new("no")));
    assert_eq!((code.as_str(), message.contains("trapped")), ("internal", true), "{message}");
    assert_eq!(session.answer(Event::new("{}")).body, "{}");
    let (status, body) = http_answer(&session.answer(Event::new(r#" {"httpMethod": "GET"}"#)));
    assert_eq!((status, &body["error"]["code"]), (500, &json!("internal")));
    session.finish();
}

#[test]
fn headers_count_however_they_are_spelled_and_may_be_missing() {
    let session = Session::packaged();
    for (number, spelling) in
        [Spelling::HowTo, Spelling::ApiTable, Spelling::Capitals, Spelling::Missing].into_iter().enumerate()
    {
        let event =
            Event::new(with_picture(FUNCTION_URL, LEMON)).id(format!("id-{number}")).spelling(spelling);
        assert_eq!(http_answer(&session.answer(event)).0, 200);
    }
    let log = session.finish();
    for id in ["id-0", "id-1", "id-2", "none"] {
        assert!(log.contains(&format!("request_id=\"{id}\"")), "{id}: {log}");
    }
}

#[test]
fn the_same_request_id_twice_is_two_events() {
    let session = Session::packaged();
    let first = session.answer(Event::new(with_picture(FUNCTION_URL, LEMON)).id("same"));
    let second = session.answer(Event::new(read("tests/tomato.json")).id("same"));
    assert_eq!(http_answer(&first).0, 200);
    assert!(second.body.contains("omato"), "{}", second.body);
    session.finish();
}

//! Sizes and times: what is over a limit gets an answer that says so.

use std::time::Duration;

use serde_json::json;
use support::scf::Event;

use crate::events::{failure, http_answer};
use crate::session::Session;

const LIMIT: usize = 6 << 20;

/// An event of so many bytes.
fn event_of(bytes: usize, before: &str, after: &str) -> Event {
    let filler = "A".repeat(bytes - before.len() - after.len());
    Event::new(format!("{before}{filler}{after}"))
}

#[test]
fn an_event_of_six_megabytes_is_read_and_one_byte_more_is_not() {
    let session = Session::packaged();
    let (code, message) = failure(&session.answer(event_of(LIMIT, r#"{"body":""#, "\"}")));
    assert_eq!(code, "bad_request", "{message}");
    let (code, message) = failure(&session.answer(event_of(LIMIT + 1, r#"{"body":""#, "\"}")));
    assert_eq!(code, "too_large");
    assert_eq!(message, "the event has more than 6291456 bytes, which is the limit");
    session.finish();
}

#[test]
fn a_request_over_six_megabytes_gets_status_413_and_the_next_one_is_answered() {
    let session = Session::packaged();
    for bytes in [LIMIT + 1, 9 << 20] {
        let event = event_of(bytes, r#"{"httpMethod":"POST","body":""#, "\"}");
        let (status, body) = http_answer(&session.answer(event));
        assert_eq!((status, &body["error"]["code"]), (413, &json!("too_large")));
    }
    assert_eq!(http_answer(&session.answer(Event::new(r#"{"httpMethod":"POST"}"#))).0, 400);
    session.finish();
}

/// Prints 1 MiB so many times.
fn printing(mebibytes: u32) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 32)
            (func (export "_start") (local $left i32)
                (i32.store (i32.const 0) (i32.const 65536))
                (i32.store (i32.const 4) (i32.const 1048576))
                (memory.fill (i32.const 65536) (i32.const 120) (i32.const 1048576))
                (local.set $left (i32.const {mebibytes}))
                (loop $on
                    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br_if $on (local.get $left)))))"#
    )
}

#[test]
fn an_answer_of_six_megabytes_is_posted() {
    let session = Session::module(&printing(6));
    assert_eq!(session.answer(Event::new("{}")).body.len(), LIMIT);
    session.finish();
}

#[test]
fn an_answer_over_six_megabytes_is_an_error_that_says_so() {
    let session = Session::module(&printing(7));
    let said = "the platform takes up to 6291456; a smaller picture fits";
    let (code, message) = failure(&session.answer(Event::new("{}")));
    assert!(code == "too_large" && message.contains(said), "{code}: {message}");
    let (status, body) = http_answer(&session.answer(Event::new(r#"{"httpMethod":"POST"}"#)));
    assert_eq!((status, &body["error"]["message"]), (413, &json!(message)));
    session.finish();
}

#[test]
fn a_higher_answer_limit_does_not_get_past_the_platforms() {
    let session = Session::module_with(&printing(7), &[("VISION_ANSWER_LIMIT", "10")]);
    let (_, message) = failure(&session.answer(Event::new("{}")));
    assert!(message.starts_with("the answer has 7340032 bytes"), "{message}");
    assert!(message.contains("the platform takes up to 6291456; a smaller picture fits"), "{message}");
    session.finish();
}

const ENDLESS: &str = r#"(module (func (export "_start") (loop $on (br $on))))"#;

// A second instead of half of one, for machines that are busy with other things.
const MARGIN: (&str, &str) = ("VISION_TIME_MARGIN", "1s");

#[test]
fn a_request_is_answered_with_504_before_the_platform_ends_it() {
    let session = Session::module_with(ENDLESS, &[MARGIN]);
    // The fake platform sees to it that the result comes within the limit.
    let event = Event::new(r#"{"httpMethod":"POST"}"#).time_limit(Duration::from_secs(3));
    let (status, body) = http_answer(&session.answer(event));
    assert_eq!((status, &body["error"]["code"]), (504, &json!("timeout")));
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("stopped after its time limit of 2s"), "{message}");
    session.finish();
}

#[test]
fn a_bare_event_over_its_time_fails_with_the_reason() {
    let session = Session::module_with(ENDLESS, &[MARGIN]);
    let outcome = session.answer(Event::new("{}").time_limit(Duration::from_secs(3)));
    assert_eq!(failure(&outcome).0, "timeout");
    session.finish();
}

#[test]
fn the_runtimes_own_limit_counts_where_it_is_the_shorter_one() {
    let session = Session::module_with(ENDLESS, &[("VISION_TIME_LIMIT", "300ms")]);
    let (_, message) = failure(&session.answer(Event::new("{}")));
    assert_eq!(message, "the module was stopped after its time limit of 300ms");
    session.finish();
}

//! Connections that break, answers that are none: no event is lost, and none is answered twice.

use std::time::Duration;

use support::scf::{Endpoint, Event, NextFault, PostFault};
use support::{file, read};

use crate::events::{FUNCTION_URL, LEMON, failure, http_answer, with_picture};
use crate::program::Installation;
use crate::session::Session;

fn lemon() -> Event {
    Event::new(with_picture(FUNCTION_URL, LEMON))
}

#[test]
fn events_and_answers_share_one_connection() {
    let session = Session::packaged();
    for _ in 0..5 {
        assert_eq!(http_answer(&session.answer(lemon())).0, 200);
    }
    let bad = session.answer(Event::new("{}"));
    assert_eq!(bad.endpoint, Endpoint::Error);
    assert_eq!(session.platform.connections(), 1);
    session.finish();
}

#[test]
fn init_ready_is_tried_until_it_is_taken() {
    let faults = [PostFault::Status(503), PostFault::DropBeforeTaking, PostFault::Status(500)];
    let session = Session::start(&Installation::Built(file("dist/recognize.wasm")), &[], &faults);
    assert_eq!(http_answer(&session.answer(lemon())).0, 200);
    session.finish();
}

#[test]
fn a_long_silence_ends_with_an_event() {
    let session = Session::built(&[]);
    assert_eq!(http_answer(&session.answer(lemon().after(Duration::from_secs(12)))).0, 200);
    session.finish();
}

#[test]
fn an_event_that_does_not_arrive_is_asked_for_again() {
    for fault in
        [NextFault::DropBeforeAnswer, NextFault::DropInBody, NextFault::Status(500), NextFault::Status(404)]
    {
        let session = Session::built(&[]);
        assert_eq!(http_answer(&session.answer(lemon().on_next(fault).on_next(fault))).0, 200, "{fault:?}");
        session.finish();
    }
}

#[test]
fn a_platform_that_says_nothing_is_asked_again_after_pauses() {
    let session = Session::built(&[]);
    let mut event = lemon();
    for _ in 0..6 {
        event = event.on_next(NextFault::Nothing);
    }
    assert_eq!(http_answer(&session.answer(event)).0, 200);
    let log = session.finish();
    assert_eq!(log.matches("status 200 without an event").count(), 6, "{log}");
}

#[test]
fn an_event_that_stalls_is_given_up_after_its_time_and_asked_for_again() {
    let session = Session::built(&[]);
    // The platform itself has given it up 5 s after the limit.
    let event = lemon().time_limit(Duration::from_secs(2)).on_next(NextFault::StallInBody);
    assert_eq!(http_answer(&session.answer(event)).0, 200);
    let log = session.finish();
    assert!(log.contains("did not arrive to its end"), "{log}");
}

#[test]
fn a_result_that_is_not_taken_is_posted_again() {
    for fault in [PostFault::DropBeforeTaking, PostFault::DropAfterTaking, PostFault::Status(502)] {
        let session = Session::built(&[]);
        for event in [lemon(), Event::new("{}")] {
            let number = session.platform.send(event.on_post(fault));
            // The event after it comes once all is settled.
            assert_eq!(http_answer(&session.answer(lemon())).0, 200, "{fault:?}");
            session.outcome(number);
        }
        session.finish();
    }
}

#[test]
fn a_platform_that_refuses_the_repetition_has_the_result() {
    let session = Session::built(&[]);
    let event = lemon().on_post(PostFault::DropAfterTaking).on_post(PostFault::Status(400));
    let number = session.platform.send(event);
    assert_eq!(http_answer(&session.answer(lemon())).0, 200);
    assert_eq!(http_answer(&session.outcome(number)).0, 200);
    session.finish();
}

#[test]
fn a_platform_that_refuses_the_answer_is_told_so() {
    let session = Session::built(&[]);
    let (code, message) = failure(&session.answer(lemon().on_post(PostFault::Status(413))));
    assert_eq!(code, "internal");
    assert!(message.contains("the platform refused the answer of") && message.contains("413"), "{message}");
    session.finish();
}

/// Prints the time in nanoseconds, so no two runs give the same answer.
const CLOCK: &str = r#"(module
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\20\00\00\00\13\00\00\00")
    (func (export "_start") (local $left i64) (local $at i32)
        (drop (call $time (i32.const 0) (i64.const 1) (i32.const 16)))
        (local.set $left (i64.load (i32.const 16)))
        (local.set $at (i32.const 50))
        (loop $digit
            (i32.store8 (local.get $at)
                (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $left) (i64.const 10)))))
            (local.set $left (i64.div_u (local.get $left) (i64.const 10)))
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (br_if $digit (i32.ge_u (local.get $at) (i32.const 32))))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

#[test]
fn an_event_that_comes_back_gets_the_answer_that_it_had() {
    let session = Session::module(CLOCK);
    // The platform takes nothing until the event's time and the grace for it (5 s) are over, then sends it again.
    let mut event = Event::new(read("tests/tomato.json")).time_limit(Duration::from_millis(200));
    for _ in 0..12 {
        event = event.on_post(PostFault::Status(503));
    }
    let number = session.platform.send(event);
    // The fake platform sees to it that all posts had the same bytes.
    let (answer, next) = (session.outcome(number), session.answer(Event::new("{}")));
    assert_eq!(answer.body.len(), 19);
    assert_ne!(answer.body, next.body);
    session.finish();
}

//! A thousand events of mixed kinds, one in ten of them bad, one connection in a hundred dropped: each has one
//! answer, the right one, and no memory is lost.

use std::collections::HashMap;

use serde_json::json;
use support::read;
use support::scf::{Endpoint, Event, NextFault, Outcome, PostFault};

use crate::events::{API_GATEWAY, FUNCTION_URL, LEMON, failure, http_answer, with_picture};
use crate::program::{answer_at_the_prompt, say};
use crate::session::Session;

const EVENTS: usize = 1000;

/// Events by which the buffers have their size; growth counts from there.
const WARM_UP: usize = 50;

/// Growth that is allowed, in KiB.
const GROWTH: u64 = 10 << 10;

/// What an event must be answered with.
enum Expected {
    /// What `vision run` prints for it.
    Answer,
    Status(u64),
    Failure(&'static str),
}

/// The events in turn; every tenth is bad.
fn event(number: usize) -> (Vec<u8>, Expected) {
    let http = |body: &str| json!({"httpMethod": "POST", "path": "/", "body": body}).to_string().into();
    match number % 10 {
        9 => match number / 10 % 5 {
            0 => (b"{}".to_vec(), Expected::Failure("bad_request")),
            1 => (http("R0lGODlhAQABAA=="), Expected::Status(415)),
            2 => (b"{\"body\": \"/9j/".to_vec(), Expected::Failure("bad_request")),
            3 => (http("/9j/4AAQSkZJRgABAQ=="), Expected::Status(422)),
            _ => (read("tests/events/scf/timer.json"), Expected::Failure("bad_request")),
        },
        0 | 4 => (read("tests/tomato.json"), Expected::Answer),
        1 | 5 | 7 => (with_picture(FUNCTION_URL, LEMON), Expected::Answer),
        2 => (with_picture(FUNCTION_URL, "tests/samples/granny-smith.jpg"), Expected::Answer),
        3 | 8 => (with_picture(API_GATEWAY, LEMON), Expected::Answer),
        _ => (with_picture(API_GATEWAY, "tests/samples/tomato.jpg"), Expected::Answer),
    }
}

/// One event in a hundred meets a connection that drops, each time at another place.
fn with_drops(number: usize, event: Event) -> Event {
    match (number % 100, number / 100 % 4) {
        (50, 0) => event.on_next(NextFault::DropBeforeAnswer),
        (50, 1) => event.on_next(NextFault::DropInBody),
        (50, 2) => event.on_post(PostFault::DropBeforeTaking),
        (50, _) => event.on_post(PostFault::DropAfterTaking),
        _ => event,
    }
}

fn assert_right(number: usize, outcome: &Outcome, event: &[u8], expected: &Expected, known: &mut Answers) {
    match expected {
        Expected::Failure(code) => assert_eq!(failure(outcome).0, *code, "event {number}"),
        Expected::Status(status) => assert_eq!(http_answer(outcome).0, *status, "event {number}"),
        Expected::Answer => {
            let answer = known.entry(event.to_vec()).or_insert_with(|| answer_at_the_prompt(event));
            assert_eq!((outcome.endpoint, &outcome.body), (Endpoint::Response, &*answer), "event {number}");
        }
    }
}

type Answers = HashMap<Vec<u8>, String>;

#[test]
fn a_thousand_events_have_one_right_answer_each_and_cost_no_memory() {
    let session = Session::packaged();
    let cold = session.cold_start();
    let mut known = Answers::new();
    let mut times = Vec::new();
    let mut before = 0;
    for number in 0..EVENTS {
        let (body, expected) = event(number);
        let event = with_drops(number, Event::new(body.clone()).id(format!("event-{number}")));
        let outcome = session.answer(event);
        assert_right(number, &outcome, &body, &expected, &mut known);
        if matches!(expected, Expected::Answer) && number % 100 != 50 {
            times.push(outcome.took);
        }
        if number == WARM_UP {
            before = session.program.memory_kib();
        }
    }
    let after = session.program.memory_kib();
    times.sort();
    say(&format!(
        "cold start {:.0} ms (bootstrap started → init/ready); warm event {:.1} ms (median of {}; 99 % within {:.1} ms); \
         memory {} KiB after {WARM_UP} events, {} KiB after {EVENTS}",
        cold.as_secs_f64() * 1000.0,
        times[times.len() / 2].as_secs_f64() * 1000.0,
        times.len(),
        times[times.len() * 99 / 100].as_secs_f64() * 1000.0,
        before,
        after,
    ));
    let log = session.finish();
    for number in 0..EVENTS {
        let id = format!("request_id=\"event-{number}\"");
        assert_eq!(log.matches(&id).count(), 1, "{id} stands once in the log");
    }
    assert!(after < before + GROWTH, "memory grew from {before} to {after} KiB");
}

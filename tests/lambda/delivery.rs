//! Answers that the platform refuses, does not take or asks for again.

use std::time::Duration;

use support::read;
use support::scf::{Endpoint, Event, NextFault, Platform, PostFault};

use crate::session::Session;

fn tomato() -> Event {
    Event::new(read("tests/tomato.json"))
}

#[test]
fn statuses_that_settle_an_answer_are_not_answered_by_another_post() {
    let session = Session::built(&[]);
    for status in [400, 403, 410, 413] {
        let outcome =
            session.answer(tomato().id(format!("event-{status}")).on_post(PostFault::Status(status)));
        assert!(outcome.body.contains("omato"), "{status}: {}", outcome.body);
    }
    let outcome = session.answer(tomato().id("after"));
    assert_eq!(outcome.endpoint, Endpoint::Response);
    // A second post for any of them would be a violation.
    let log = session.finish();
    assert_eq!(log.matches("takes no answer to this event any more").count(), 4, "{log}");
}

#[test]
fn an_answer_that_was_lost_or_not_taken_is_posted_again() {
    let session = Session::built(&[]);
    for (number, fault) in [PostFault::DropBeforeTaking, PostFault::DropAfterTaking, PostFault::Status(500)]
        .into_iter()
        .enumerate()
    {
        let outcome = session.answer(tomato().id(format!("event-{number}")).on_post(fault));
        assert!(outcome.body.contains("omato"), "{fault:?}: {}", outcome.body);
    }
    session.finish();
}

#[test]
fn the_same_event_again_is_answered_from_memory() {
    let session = Session::built(&[]);
    let first = session.answer(tomato().id("same"));
    assert!(first.body.contains("omato"), "{}", first.body);
    // The id is all that tells that it is the same one: were it not answered from memory, it would fail.
    let second = session.answer(Event::new("{}").id("same"));
    assert_eq!((second.endpoint, second.body), (Endpoint::Response, first.body));
    session.finish();
}

#[test]
fn an_event_that_failed_is_tried_again() {
    let session = Session::built(&[]);
    assert_eq!(session.answer(Event::new("{}").id("same")).endpoint, Endpoint::Error);
    assert_eq!(session.answer(tomato().id("same")).endpoint, Endpoint::Response);
    session.finish();
}

#[test]
fn connections_that_break_before_an_event_has_arrived_are_made_again() {
    let session = Session::built(&[]);
    let faults =
        [NextFault::DropBeforeAnswer, NextFault::DropInBody, NextFault::Status(500), NextFault::Nothing];
    for (number, fault) in faults.into_iter().enumerate() {
        let outcome = session.answer(tomato().id(format!("event-{number}")).on_next(fault));
        assert!(
            outcome.body.contains("omato") || matches!(fault, NextFault::Nothing),
            "{fault:?}: {}",
            outcome.body
        );
    }
    session.finish();
}

const ENDLESS: &str = r#"(module (func (export "_start") (loop $on (br $on))))"#;

#[test]
fn odd_deadlines_are_no_limit_and_good_ones_are() {
    let limit = [("VISION_TIME_LIMIT", "400ms")];
    let session = Session::module(ENDLESS, Platform::lambda(1, true), &limit);
    for (number, deadline) in ["", "soon", "0", "600000", "99999999999999999999"].into_iter().enumerate() {
        let outcome = session.answer(Event::new("{}").id(format!("event-{number}")).deadline(deadline));
        assert!(outcome.body.contains("400ms"), "{deadline}: {}", outcome.body);
    }
    let short = session.answer(Event::new("{}").id("short").time_limit(Duration::from_millis(300)));
    assert!(
        !short.body.contains("400ms") && short.body.contains("\"errorType\":\"timeout\""),
        "{}",
        short.body
    );
    session.finish();
}

#[test]
fn a_failure_has_the_form_that_callers_of_lambda_know() {
    let session = Session::built(&[]);
    let outcome = session.answer(Event::new(r#"{"body": "R0lGODlhAQABAA=="}"#));
    assert_eq!(outcome.endpoint, Endpoint::Error);
    assert_eq!(
        outcome.body,
        r#"{"errorMessage":"found GIF, accepted are JPEG and PNG","errorType":"unsupported_image","stackTrace":[]}"#
    );
    session.finish();
}

//! Several events at the same time, as managed instances send them.

use support::modules::SLEEPER;
use support::read;
use support::scf::{Event, Platform};

use crate::session::Session;

#[test]
fn as_many_events_are_asked_for_as_the_platform_gives() {
    let concurrency = [("AWS_LAMBDA_MAX_CONCURRENCY", "4")];
    let session = Session::module(SLEEPER, Platform::lambda(4, true), &concurrency);
    let numbers: Vec<usize> =
        (0..4).map(|number| session.platform.send(Event::new("{}").id(format!("event-{number}")))).collect();
    // All four are in hand before the first one has rested.
    for number in &numbers {
        session.platform.wait_until_sent(*number);
    }
    for number in numbers {
        assert_eq!(session.outcome(number).body, "rested");
    }
    session.finish();
}

#[test]
fn each_of_many_events_gets_its_own_answer() {
    let concurrency = [("AWS_LAMBDA_MAX_CONCURRENCY", "8")];
    let session = Session::on(Platform::lambda(8, true), &concurrency);
    let tomato = session.answer(Event::new(read("tests/tomato.json")).id("alone")).body;
    let numbers: Vec<usize> = (0..40)
        .map(|number| {
            let event = if number % 4 == 3 { b"{}".to_vec() } else { read("tests/tomato.json") };
            session.platform.send(Event::new(event).id(format!("event-{number}")))
        })
        .collect();
    for (place, number) in numbers.into_iter().enumerate() {
        let outcome = session.outcome(number);
        assert_eq!(outcome.body == tomato, place % 4 != 3, "{place}: {}", outcome.body);
    }
    session.finish();
}

#[test]
fn sigterm_finishes_all_events_in_hand() {
    let concurrency = [("AWS_LAMBDA_MAX_CONCURRENCY", "3")];
    let mut session = Session::module(SLEEPER, Platform::lambda(3, true), &concurrency);
    let numbers: Vec<usize> =
        (0..3).map(|number| session.platform.send(Event::new("{}").id(format!("event-{number}")))).collect();
    for number in &numbers {
        session.platform.wait_until_sent(*number);
    }
    session.program.terminate();
    assert_eq!(session.program.exit_code(), Some(0), "{}", session.program.stderr());
    for number in numbers {
        assert_eq!(session.outcome(number).body, "rested");
    }
    assert_eq!(session.platform.violations(), [] as [String; 0]);
}

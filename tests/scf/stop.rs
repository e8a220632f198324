//! SIGTERM: an event in hand is finished, then the function leaves; the platform sees no failure.

use std::time::Duration;

use support::modules::SLEEPER;
use support::read;
use support::scf::{Event, NextFault, PostFault};

use crate::session::Session;

#[test]
fn without_an_event_in_hand_the_function_leaves_at_once() {
    let session = Session::packaged();
    session.answer(Event::new(read("tests/tomato.json")));
    let log = session.finish();
    assert!(log.contains("SIGTERM: no event in hand, leaving"), "{log}");
}

#[test]
fn an_event_in_hand_is_answered_before_the_function_leaves() {
    let mut session = Session::module(SLEEPER);
    let number = session.platform.send(Event::new("{}"));
    let never_fetched = session.platform.send(Event::new("{}"));
    session.platform.wait_until_sent(number);
    std::thread::sleep(Duration::from_millis(200));
    session.program.terminate();
    assert_eq!(session.program.exit_code(), Some(0));
    assert_eq!(session.outcome(number).body, "rested");
    assert!(!session.platform.was_sent(never_fetched));
    assert_eq!(session.platform.violations(), [] as [String; 0]);
}

#[test]
fn before_init_ready_the_function_leaves_as_well() {
    let platform = support::scf::Platform::start(&[PostFault::Status(503); 1000]);
    let installation = crate::program::Installation::Built(support::file("dist/recognize.wasm"));
    let mut program = crate::program::start(&installation, platform.address(), &[]);
    platform.wait_until_asked();
    program.terminate();
    assert_eq!(program.exit_code(), Some(0), "{}", program.stderr());
}

/// Bounds of everything but the end that are far longer than a test takes.
const PATIENT: (&str, &str) = ("VISION_TIME_LIMIT", "10m");
const BOUND: (&str, &str) = ("VISION_SHUTDOWN_TIME", "1s");
const ENDLESS: &str = r#"(module (func (export "_start") (loop $on (br $on))))"#;

fn long(event: Event) -> Event {
    event.time_limit(Duration::from_secs(900))
}

#[test]
fn an_event_that_stalls_on_its_way_is_not_waited_for() {
    let mut session = Session::built(&[PATIENT]);
    let event = long(Event::new(read("tests/tomato.json"))).on_next(NextFault::StallInBody);
    let number = session.platform.send(event);
    session.platform.wait_until_stalled(number);
    session.program.terminate();
    assert_eq!(session.program.exit_code(), Some(0), "{}", session.program.stderr());
}

#[test]
fn an_event_without_end_is_waited_for_no_longer_than_was_said() {
    let mut session = Session::module_with(ENDLESS, &[PATIENT, BOUND]);
    let number = session.platform.send(long(Event::new("{}")));
    session.platform.wait_until_sent(number);
    session.program.terminate();
    assert_eq!(session.program.exit_code(), Some(0), "{}", session.program.stderr());
    let log = session.program.stderr();
    assert!(log.contains("could be finished within 1s"), "{log}");
}

#[test]
fn an_answer_that_nobody_takes_is_posted_no_longer_than_was_said() {
    let mut session = Session::built(&[PATIENT, BOUND]);
    let mut event = long(Event::new(read("tests/tomato.json")));
    for _ in 0..1000 {
        event = event.on_post(PostFault::Status(503));
    }
    let number = session.platform.send(event);
    session.platform.wait_until_sent(number);
    std::thread::sleep(Duration::from_millis(200));
    session.program.terminate();
    assert_eq!(session.program.exit_code(), Some(0), "{}", session.program.stderr());
    let log = session.program.stderr();
    assert!(log.contains("could be finished within 1s"), "{log}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut session = Session::module_with(ENDLESS, &[PATIENT, ("VISION_SHUTDOWN_TIME", "10m")]);
    let number = session.platform.send(long(Event::new("{}")));
    session.platform.wait_until_sent(number);
    session.program.terminate();
    // Two signals of a kind that come together are one.
    std::thread::sleep(Duration::from_millis(500));
    session.program.terminate();
    assert_eq!(session.program.exit_code(), Some(1), "{}", session.program.stderr());
    let log = session.program.stderr();
    assert!(log.contains("ended at once by a second signal"), "{log}");
}

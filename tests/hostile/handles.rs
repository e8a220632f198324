//! Sessions and tensors that are not the module's.

use crate::functions::{self, TENSORFLOW_LITE};
use crate::guest::{Call, Guest};

const INVALID_ARGUMENT: u32 = 1;
const BUSY: u32 = 4;

/// All functions of `wasmedge_tensorflowlite` 0.3 but the one that makes sessions.
fn of_a_session() -> impl Iterator<Item = &'static str> {
    let functions = functions::all()
        .into_iter()
        .filter(|function| function.module == TENSORFLOW_LITE && !function.is_older());
    functions.map(|function| function.name).filter(|name| *name != "create_session")
}

#[test]
fn a_forged_session_is_unknown_to_every_function() {
    let guest = Guest::start();
    for name in of_a_session() {
        for session in [0_u32, 2, 77, 1 << 31, u32::MAX] {
            let calls = [Call::ordinary("create_session"), Call::ordinary(name).with(0, session)];
            assert_eq!(guest.result(&calls), INVALID_ARGUMENT, "{name} {session}");
        }
    }
    guest.assert_answers();
}

#[test]
fn a_deleted_session_is_unknown_to_every_function_also_when_another_one_was_made() {
    let guest = Guest::start();
    for name in of_a_session() {
        let calls = [
            Call::ordinary("create_session"),
            Call::ordinary("delete_session"),
            Call::ordinary("create_session"),
            Call::ordinary(name),
        ];
        assert_eq!(guest.result(&calls), INVALID_ARGUMENT, "{name}");
    }
    guest.assert_answers();
}

#[test]
fn the_sessions_of_an_earlier_event_are_unknown() {
    let guest = Guest::start();
    guest.assert_answers();
    for name in of_a_session() {
        assert_eq!(guest.result(&[Call::ordinary(name)]), INVALID_ARGUMENT, "{name}");
    }
}

#[test]
fn a_forged_tensor_is_unknown() {
    let guest = Guest::start();
    for name in ["get_tensor_len", "get_tensor_data"] {
        for tensor in [1_u32, 64, 1 << 31, u32::MAX] {
            let mut calls = crate::guest::good_calls();
            calls.push(Call::ordinary(name).with(1, tensor));
            assert_eq!(guest.result(&calls), INVALID_ARGUMENT, "{name} {tensor}");
        }
    }
}

#[test]
fn of_ten_thousand_sessions_64_are_made_and_the_others_find_the_host_busy() {
    let guest = Guest::start();
    let creations = |count: usize| vec![Call::ordinary("create_session"); count];
    assert_eq!(guest.result(&creations(64)), 0);
    for _ in 0..3 {
        // An event lists so many calls at most.
        assert_eq!(guest.result(&creations(4_096)), BUSY);
    }
    guest.assert_answers();
}

#[test]
fn ten_thousand_sessions_one_after_the_other_are_made() {
    let guest = Guest::start();
    for _ in 0..5 {
        let calls: Vec<Call> = (1..=2_000_u32)
            .flat_map(|session| {
                [Call::ordinary("create_session"), Call::ordinary("delete_session").with(0, session)]
            })
            .collect();
        assert_eq!(guest.result(&calls), 0);
    }
    guest.assert_answers();
}

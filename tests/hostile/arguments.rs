//! Pointers and lengths that lead out of the memory, to every function that a module can import.

use std::time::Duration;

use engine::CallError;

use crate::functions::{self, Function, INVAL, Parameter};
use crate::guest::{Call, Guest, event, model};
use crate::memory_layout::{MEMORY_BYTES, argument_of_call};

/// Each parameter for which `choose` gives values, with each of them in an otherwise ordinary call: function, place,
/// value, result.
fn results(
    guest: &Guest,
    choose: fn(&Parameter) -> &'static [u32],
) -> impl Iterator<Item = (Function, usize, u32, u32)> {
    let functions = functions::all().into_iter();
    functions.flat_map(move |function| {
        let places: Vec<_> = function.parameters.iter().map(choose).enumerate().collect();
        let results: Vec<_> = places
            .into_iter()
            .flat_map(|(place, values)| values.iter().map(move |value| (place, *value)))
            .map(|(place, value)| {
                let call = Call::of(function.module, function.name).with(place, value);
                let result = guest.result(&Call::after_what_it_needs(&function, call));
                (function.clone(), place, value, result)
            })
            .collect();
        results
    })
}

#[test]
fn a_pointer_out_of_the_memory_is_refused_by_every_function() {
    let guest = Guest::start();
    let outside = |parameter: &Parameter| match parameter {
        Parameter::Pointer(_) => [MEMORY_BYTES - 1, MEMORY_BYTES, 1 << 31, u32::MAX - 3, u32::MAX].as_slice(),
        _ => &[],
    };
    let mut count = 0;
    for (function, place, value, result) in results(&guest, outside) {
        // There is no environment to be written.
        let is_unused = function.name == "environ_get";
        let is_refused =
            result == function.outside() || (result == function.answer && (result != 0 || is_unused));
        assert!(is_refused, "{} with {value:#x} at {place}: {result}", function.name);
        count += 1;
    }
    assert!(count > 300, "{count} calls");
    guest.assert_answers();
}

#[test]
fn a_length_out_of_the_memory_is_refused_by_every_function() {
    let guest = Guest::start();
    let outside = |parameter: &Parameter| match parameter {
        Parameter::Length(_) => [MEMORY_BYTES, (1 << 29) + 1, 1 << 31, u32::MAX].as_slice(),
        _ => &[],
    };
    for (function, place, value, result) in results(&guest, outside) {
        let is_refused = result != 0 || function.is_older() && result == function.outside();
        assert!(is_refused, "{} with {value:#x} at {place}", function.name);
    }
    guest.assert_answers();
}

#[test]
fn a_list_of_buffers_is_refused_where_its_size_overflows_or_it_is_longer_than_any() {
    let guest = Guest::start();
    for name in ["fd_read", "fd_pread", "fd_write", "fd_pwrite"] {
        // 2^29 + 1 buffers of 8 bytes are 2^32 + 8 bytes.
        for count in [1_025, (1 << 29) + 1, (1 << 29) + 1_024, 1 << 30, u32::MAX] {
            assert_eq!(guest.result(&[Call::ordinary(name).with(2, count)]), INVAL, "{name} {count}");
        }
    }
    guest.assert_answers();
}

#[test]
fn a_buffer_of_a_list_that_lies_outside_of_the_memory_is_refused() {
    let guest = Guest::start();
    for (pointer, length) in [(MEMORY_BYTES - 8, 16), (MEMORY_BYTES, 1), (u32::MAX, u32::MAX), (16, u32::MAX)]
    {
        let buffer = u64::from(pointer) | u64::from(length) << 32;
        for (name, fd) in [("fd_read", 0_u32), ("fd_write", 1)] {
            let list = argument_of_call(0, 4);
            let call = Call::ordinary(name).with(0, fd).with(1, list).followed_by(buffer);
            assert_eq!(guest.result(&[call]), functions::FAULT, "{name} {pointer:#x} {length:#x}");
        }
    }
    guest.assert_answers();
}

/// Numbers at which arithmetic goes wrong.
const EDGES: [u64; 16] = [
    0,
    1,
    2,
    8,
    0xffff,
    0x1_0000,
    MEMORY_BYTES as u64 - 1,
    MEMORY_BYTES as u64,
    0x1fff_ffff,
    0x2000_0001,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    0xffff_ffff,
    1 << 63,
    u64::MAX,
];

#[test]
fn no_arguments_at_all_end_the_process_or_the_service() {
    make_calls_at_random(&Guest::start());
}

#[test]
fn no_arguments_at_all_end_the_process_where_a_folder_is_granted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    std::fs::write(folder.path().join("etc/passwd"), "a file").unwrap();
    make_calls_at_random(&Guest::start_with_folder(folder.path()));
}

fn make_calls_at_random(guest: &Guest) {
    let mut seed = 1_u64;
    let mut random = |limit: usize| {
        // A linear congruential generator (Knuth's MMIX).
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit
    };
    for function in functions::all().iter().filter(|function| function.name != "proc_exit") {
        let call = || Call::of(function.module, function.name);
        let mut calls = Call::after_what_it_needs(function, call());
        for _ in 0..500 {
            let mut call = call();
            for place in 0..function.parameters.len() {
                if random(3) > 0 {
                    call = call.with(place, EDGES[random(EDGES.len())]);
                }
            }
            calls.push(call);
        }
        let answer = guest.send_within(event(&calls, false, &model()), Duration::from_secs(2));
        // The calls write into the module's own memory, so that it may go astray; it may also sleep, or print a lot.
        let is_documented = matches!(
            answer,
            Ok(_)
                | Err(CallError::Trap { .. } | CallError::Timeout { .. } | CallError::AnswerTooLarge { .. })
        );
        assert!(is_documented, "{}: {answer:?}", function.name);
    }
    guest.assert_answers();
}

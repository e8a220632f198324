//! A thousand rounds of everything leak no memory. They run in a separate process, since other tests take memory, too.

use std::process::Command;
use std::time::Duration;

use engine::inference::ModelPolicy;

use crate::guest::{Call, Guest, event, good_calls, model};
use crate::memory_layout::MODEL_BYTES;

/// Rounds whose memory is compared.
const ROUNDS: usize = 1_000;
/// What allocators may keep more after the rounds than before: less than 9 KiB a round.
const GROWTH_BYTES: usize = 8 << 20;
const LOOPS: usize = 300;
const LOOP_BYTES: usize = 64 << 10;

/// Loops, nests, grows and prints without end, traps, leaves its memory or exits, by the first letter of its event.
const MISBEHAVES: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\40\00\00\00\10\00\00\00\00\00\00\00\00\00\01\00")
    (func $nest (param i32) (result i32)
        (i32.store (i32.const 40) (local.get 0))
        (i32.add (call $nest (i32.add (local.get 0) (i32.const 1))) (i32.load (i32.const 40))))
    (func (export "_start") (local $letter i32)
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
        (local.set $letter (i32.load8_u (i32.const 64)))
        (if (i32.eq (local.get $letter) (i32.const 108)) (then (loop $on (br $on))))
        (if (i32.eq (local.get $letter) (i32.const 110)) (then (drop (call $nest (i32.const 0)))))
        (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))
        (if (i32.eq (local.get $letter) (i32.const 98)) (then (i32.store (i32.const -8) (i32.const 1))))
        (if (i32.eq (local.get $letter) (i32.const 101)) (then (call $exit (i32.const 7))))
        (if (i32.eq (local.get $letter) (i32.const 103)) (then
            (loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable))
        (if (i32.eq (local.get $letter) (i32.const 112)) (then
            (loop $on (br_if $on (i32.eqz (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 32)))))))))"#;

/// One of each.
struct Round {
    calls: Guest,
    misbehaviour: Guest,
    events: Vec<Vec<u8>>,
}

impl Round {
    fn new() -> Self {
        let forged = Call::ordinary("run_session").with(0, 77_u32);
        let outside = Call::ordinary("append_input").with(3, u32::MAX);
        let mut model_without_an_end = model();
        model_without_an_end.truncate(MODEL_BYTES as usize / 2);
        let events = vec![
            event(&vec![Call::ordinary("create_session"); 100], true, &model()),
            event(&[Call::ordinary("create_session"), outside, forged], true, &model()),
            event(&[Call::ordinary("path_open"), Call::ordinary("sock_open")], true, &model()),
            event(&[Call::ordinary("fd_write").with(2, (1_u32 << 29) + 1)], true, &model()),
            event(&[Call::ordinary("create_session")], true, &model_without_an_end),
            event(&good_calls(), true, &model()),
        ];
        let misbehaviour = Guest::start_wat(MISBEHAVES, ModelPolicy::default());
        Self { calls: Guest::start(), misbehaviour, events }
    }

    fn go(&self) {
        for event in &self.events {
            drop(self.calls.send(event.clone()));
        }
        for (letter, milliseconds) in
            [("nest", 5_000), ("trap", 5_000), ("bounds", 5_000), ("grow", 5_000), ("print", 50)]
        {
            let limit = Duration::from_millis(milliseconds);
            let answer = self.misbehaviour.send_within(letter.into(), limit);
            assert!(answer.is_err(), "{letter}: {answer:?}");
        }
        assert_eq!(self.misbehaviour.send(b"exit".to_vec()).unwrap().exit_code, 7);
        let good = self.misbehaviour.send(b"!".to_vec()).unwrap();
        assert_eq!(good.exit_code, 0);
    }
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn a_thousand_rounds_of_everything_leave_no_memory_behind() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "leaks::rounds", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn rounds() {
    let round = Round::new();
    (0..50).for_each(|_| round.go());
    let before = resident_bytes();
    (0..ROUNDS).for_each(|_| round.go());
    let after = resident_bytes();
    println!("{ROUNDS} rounds: {} KiB before, {} KiB after", before >> 10, after >> 10);
    assert!(after.saturating_sub(before) < GROWTH_BYTES, "{before} bytes before, {after} after");
    round.calls.assert_answers();
    // A time limit interrupts WasmEdge within a call, and what it had allocated for that call stays behind.
    let before = resident_bytes();
    let limit = Duration::from_millis(12);
    (0..LOOPS).for_each(|_| drop(round.misbehaviour.send_within("loop".into(), limit)));
    let left = resident_bytes().saturating_sub(before) / LOOPS;
    println!("{left} bytes stay behind an event that is stopped at its time limit");
    assert!(left < LOOP_BYTES, "{left} bytes");
}

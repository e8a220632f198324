//! An event finds nothing of an earlier one: not in memory, globals and tables, and not in the tensors of a session over
//! the same model. (Memory after each kind of failure: `layer/engine/src/tests.rs`; clients side by side:
//! `tests/serve/isolation.rs`; tensors that no run has written: `layer/engine/src/inference/tests.rs`.)

use engine::inference::ModelPolicy;

use crate::guest::{Call, Guest, good_calls};
use crate::memory_layout::{OUT, PIXELS};

/// Looks through all of its memory, its global, its table and its segments; exits with 1 where something differs from
/// what the module says, and leaves traces everywhere.
const LOOKS_AROUND: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 16)
    (global $global (mut i64) (i64.const 7))
    (table $table 4 funcref)
    (elem (i32.const 0) $first)
    (data $segment "kept")
    (func $first) (func $second)
    (elem declare func $second)
    (func (export "_start") (local $at i32)
        (if (i64.ne (global.get $global) (i64.const 7)) (then (call $exit (i32.const 1))))
        (global.set $global (i64.const 8))
        (if (i32.eqz (ref.is_null (table.get $table (i32.const 1)))) (then (call $exit (i32.const 2))))
        (table.set $table (i32.const 1) (ref.func $second))
        (loop $next
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (call $exit (i32.const 3))))
            (i64.store (local.get $at) (i64.const -1))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 1048576))))
        (if (i32.ne (memory.size) (i32.const 16)) (then (call $exit (i32.const 4))))
        (drop (memory.grow (i32.const 64)))
        (loop $next
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (call $exit (i32.const 5))))
            (i64.store (local.get $at) (i64.const -1))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 5242880))))
        (memory.init $segment (i32.const 0) (i32.const 0) (i32.const 4))
        (data.drop $segment)))"#;

#[test]
fn memory_globals_tables_and_segments_are_as_the_module_says_in_every_event() {
    let guest = Guest::start_wat(LOOKS_AROUND, ModelPolicy::default());
    for round in 0..20 {
        let answer = guest.send(Vec::new()).unwrap();
        assert_eq!((answer.exit_code, answer.stderr.as_str()), (0, ""), "round {round}");
    }
}

/// Its data is large enough to be mapped instead of copied. Exits with a code where the memory differs from what the
/// module says, and overwrites all of it.
const HAS_MUCH_DATA: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 16)
    (data (i32.const 100000) "DATA")
    (data (i32.const 100001) "b")
    (func $expected (param $at i32) (result i32)
        (if (i32.eq (local.get $at) (i32.const 100001)) (then (return (i32.const 98))))
        (if (result i32) (i32.and
                (i32.ge_u (local.get $at) (i32.const 100000))
                (i32.lt_u (local.get $at) (i32.const 500000)))
            (then (i32.const 97))
            (else (i32.const 0))))
    (func (export "_start") (local $at i32)
        (loop $next
            (if (i32.ne (i32.load8_u (local.get $at)) (call $expected (local.get $at)))
                (then (call $exit (i32.const 1))))
            (i32.store8 (local.get $at) (i32.const 255))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 1048576))))
        (drop (memory.grow (i32.const 16)))
        (if (i32.ne (i32.load8_u (i32.const 500000)) (i32.const 255)) (then (call $exit (i32.const 2))))
        (if (i32.load8_u (i32.const 1048576)) (then (call $exit (i32.const 3))))))"#;

#[test]
fn what_an_event_writes_over_the_module_s_data_is_its_own() {
    let guest =
        Guest::start_wat(&HAS_MUCH_DATA.replace("DATA", &"a".repeat(400_000)), ModelPolicy::default());
    for round in 0..20 {
        let answer = guest.send(Vec::new()).unwrap();
        assert_eq!((answer.exit_code, answer.stderr.as_str()), (0, ""), "round {round}");
    }
}

#[test]
fn a_new_session_over_the_same_model_has_neither_inputs_nor_outputs() {
    let guest = Guest::start();
    guest.assert_answers();
    let run = [Call::ordinary("create_session"), Call::ordinary("run_session")];
    assert_eq!(guest.result(&run), 5, "no inputs");
    let read = [Call::ordinary("create_session"), Call::ordinary("get_tensor_data")];
    assert_eq!(guest.result(&read), 5, "no outputs");
}

#[test]
fn what_a_refused_call_was_to_write_stays_as_it_was() {
    let guest = Guest::start();
    guest.assert_answers();
    // The output of a session that was not run would go to where the module then prints from.
    let print = Call::ordinary("fd_write").with(1, crate::memory_layout::argument_of_call(2, 4));
    let list = u64::from(PIXELS) | 81 << 32;
    let calls = [
        Call::ordinary("create_session"),
        Call::ordinary("get_tensor_data"),
        print.with(3, OUT).followed_by(list),
    ];
    let answer = guest.send(crate::guest::event(&calls, true, &crate::guest::model())).unwrap();
    assert_eq!(answer.stdout, [0; 81]);
    let mut good = good_calls();
    good.push(
        Call::ordinary("fd_write").with(1, crate::memory_layout::argument_of_call(5, 4)).followed_by(list),
    );
    let answer = guest.send(crate::guest::event(&good, true, &crate::guest::model())).unwrap();
    assert!(
        answer.stdout.len() == 81 && answer.stdout.iter().any(|&byte| byte != 0),
        "the good event prints"
    );
}

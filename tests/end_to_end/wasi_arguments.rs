//! Whatever a module passes to WASI's functions, it gets an error number back. Each module calls one function and exits
//! with its result.

use crate::program::Vision;

/// Addresses in the module's memory.
const LIST: u32 = 16; // two buffers: 8 bytes at 64 and 8 bytes at 72
const OVERLAPPING_LIST: u32 = 32; // 8 bytes at 64 and 8 bytes at 68
const FAR_LIST: u32 = 48; // 8 bytes past the end
const RESULT: u32 = 128;

const SUCCESS: i32 = 0;
const BAD_FILE: i32 = 8;
const FAULT: i32 = 21;
const INVALID: i32 = 28;

/// The result of a function with these parameters (in the text format) for these arguments.
fn result(name: &str, parameters: &str, arguments: &[&str]) -> i32 {
    let wat = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "{name}" (func $called (param {parameters}) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const {LIST}) "\40\00\00\00\08\00\00\00\48\00\00\00\08\00\00\00")
            (data (i32.const {OVERLAPPING_LIST}) "\40\00\00\00\08\00\00\00\44\00\00\00\08\00\00\00")
            (data (i32.const {FAR_LIST}) "\00\00\01\00\08\00\00\00")
            (func (export "_start") (call $exit (call $called {}))))"#,
        arguments.join(" ")
    );
    let (_folder, call) = Vision::run_wat(&wat);
    let outcome = call.stdin("sixteen bytes ok".as_bytes().to_vec()).call();
    let stderr = &outcome.stderr;
    match stderr.split("exited with code ").nth(1) {
        Some(code) => code.split_whitespace().next().unwrap().parse().unwrap(),
        // The module prints nothing that would be an answer.
        None if stderr.contains("the module ended well but printed no answer") => SUCCESS,
        None => panic!("{name}: {outcome:?}"),
    }
}

/// The result of a function that reads into or writes from a list of buffers.
fn transfer(name: &str, fd: u32, list: u32, count: u32, out: u32) -> i32 {
    let number = |number: u32| format!("(i32.const {number})");
    let [fd, list, count, out] = [fd, list, count, out].map(number);
    if name.starts_with("fd_p") {
        return result(name, "i32 i32 i32 i64 i32", &[&fd, &list, &count, "(i64.const 0)", &out]);
    }
    result(name, "i32 i32 i32 i32", &[&fd, &list, &count, &out])
}

#[test]
fn buffers_are_read_and_written() {
    assert_eq!(transfer("fd_read", 0, LIST, 2, RESULT), SUCCESS);
    assert_eq!(transfer("fd_write", 2, LIST, 2, RESULT), SUCCESS);
}

#[test]
fn a_list_of_more_buffers_than_there_can_be_is_invalid() {
    // 2^29 buffers of 8 bytes: their size is 0 where it is counted in 32 bits.
    for name in ["fd_read", "fd_write", "fd_pread", "fd_pwrite"] {
        for fd in 0..3 {
            for count in [1 << 29, 1 << 30, u32::MAX] {
                assert_eq!(transfer(name, fd, LIST, count, RESULT), INVALID, "{name} {fd} {count}");
            }
        }
    }
}

#[test]
fn what_lies_outside_of_the_memory_is_a_fault() {
    for name in ["fd_read", "fd_write"] {
        let fd = u32::from(name == "fd_write");
        for (list, out) in
            [(FAR_LIST, RESULT), (1 << 16, RESULT), (u32::MAX - 7, RESULT), (LIST, u32::MAX - 3)]
        {
            assert_eq!(transfer(name, fd, list, 1, out), FAULT, "{name} {list} {out}");
        }
    }
    assert_eq!(result("random_get", "i32 i32", &["(i32.const 16)", "(i32.const -1)"]), FAULT);
}

#[test]
fn lists_and_results_off_their_boundaries_and_buffers_that_overlap_are_invalid() {
    assert_eq!(transfer("fd_write", 1, LIST + 1, 1, RESULT), INVALID);
    assert_eq!(transfer("fd_write", 1, LIST, 1, RESULT + 2), INVALID);
    assert_eq!(transfer("fd_read", 0, OVERLAPPING_LIST, 2, RESULT), INVALID);
    assert_eq!(transfer("fd_write", 2, OVERLAPPING_LIST, 2, RESULT), SUCCESS, "reading twice is no harm");
}

#[test]
fn functions_have_the_parameters_of_wasi_preview_1() {
    let numbers = ["(i32.const 1)", "(i32.const 128)"];
    assert_eq!(result("clock_res_get", "i32 i32", &numbers), SUCCESS);
    assert_eq!(result("fd_filestat_set_size", "i32 i64", &["(i32.const 1)", "(i64.const 9)"]), BAD_FILE);
}

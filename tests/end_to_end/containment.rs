//! Whatever a module does to the process that runs it, the event ends in time, with one line that says why.

use std::time::{Duration, Instant};

use crate::program::{ANSWERS, Outcome, Vision};

/// The outcome of a module in WebAssembly text, and that it came within the time limit and some seconds.
fn outcome(wat: &str, options: &[(&str, &str)]) -> Outcome {
    let (_folder, call) = Vision::run_wat(wat);
    let call = options.iter().fold(call, |call, (name, value)| call.option(name, value));
    let started = Instant::now();
    let outcome = call.option("--time-limit", "1s").option("--memory-limit", "64").call();
    // Not a measurement: without the clock it would never come.
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{}", outcome.stderr);
    outcome
}

fn assert_fails(wat: &str, options: &[(&str, &str)], code: i32, message: &str) {
    let outcome = outcome(wat, options);
    assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
}

#[test]
fn a_start_section_that_never_ends_is_no_start() {
    let wat = r#"(module (memory (export "memory") 1) (func $start (loop $on (br $on))) (start $start)
        (func (export "_start")))"#;
    assert_fails(wat, &[], 2, "could not be started within 1s");
}

#[test]
fn a_table_larger_than_a_worker_s_memory_is_no_start() {
    let wat = r#"(module (table 50000000 funcref) (memory (export "memory") 1) (func (export "_start")))"#;
    assert_fails(wat, &[], 2, "it may take 64 MiB of memory");
}

#[test]
fn tables_and_memories_grow_within_the_memory_of_a_worker() {
    let table = r#"(module (table 1 funcref) (memory (export "memory") 1) (func (export "_start")
        (loop $on (br_if $on (i32.ne (table.grow (ref.null func) (i32.const 1000000)) (i32.const -1)))) unreachable))"#;
    let found = outcome(table, &[]);
    assert_eq!(found.code, Some(1), "{}", found.stderr);
    assert!(found.stderr.contains("64 MiB of memory"), "{}", found.stderr);
    let written = r#"(module (memory (export "memory") 1) (func (export "_start") (local $page i32)
        (loop $on
            (local.set $page (memory.grow (i32.const 16)))
            (if (i32.ne (local.get $page) (i32.const -1)) (then
                (memory.fill (i32.shl (local.get $page) (i32.const 16)) (i32.const 1) (i32.const 1048576))
                (br $on))))
        unreachable))"#;
    assert_fails(written, &[], 1, "of 64 MiB of memory");
}

/// Opens `name` in the first granted folder.
fn opens(name: &str) -> String {
    let length = name.len();
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (memory (export "memory") 1) (data (i32.const 64) "{name}")
            (func (export "_start")
                (drop (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const {length})
                    (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))))"#
    )
}

#[test]
fn a_host_function_that_waits_for_ever_is_stopped_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let dir = format!("/granted:{}", folder.path().display());
    assert_fails(&opens("pipe"), &[("--dir", &dir)], 1, "stopped after its time limit of 1s");
}

#[test]
fn parts_of_webassembly_whose_bounds_are_not_checked_are_refused_by_name() {
    for (part, name) in [
        ("(memory (export \"memory\") i64 4)", "a 64-bit memory"),
        ("(memory (export \"memory\") 1) (memory 1)", "several memories"),
        ("(table i64 1 funcref)", "a 64-bit table"),
        ("(type (array i8))", "garbage-collected types"),
        ("(tag)", "exceptions"),
    ] {
        let wat = format!("(module {part} (func (export \"_start\")))");
        assert_fails(&wat, &[], 2, &format!("uses {name}, which this runtime does not run"));
    }
}

#[test]
fn a_module_that_takes_too_long_to_compile_is_no_start_and_leaves_nothing_behind() {
    let functions = "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))".repeat(100_000);
    let (scratch, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_folder, call) = Vision::run_wat(&format!("(module {functions} (func (export \"_start\")))"));
    let outcome = call
        .env("TMPDIR", &scratch.path().display().to_string())
        .env("XDG_CACHE_HOME", &cache.path().display().to_string())
        .option("--compile-time", "300ms")
        .call();
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("could not be compiled within 300ms"), "{}", outcome.stderr);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

/// A module that was compiled elsewhere, as far as the user with this cache folder knows.
fn compiled_elsewhere(folder: &std::path::Path) -> std::path::PathBuf {
    let (plain, compiled) = (folder.join("plain.wasm"), folder.join("compiled.wasm"));
    std::fs::write(&plain, wat::parse_str(ANSWERS).unwrap()).unwrap();
    let elsewhere = folder.join("elsewhere").display().to_string();
    let made = Vision::new(&["compile"]).argument(&plain).argument(&compiled);
    assert_eq!(made.env("XDG_CACHE_HOME", &elsewhere).call().code, Some(0));
    compiled
}

#[test]
fn native_code_runs_only_where_somebody_vouches_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let compiled = compiled_elsewhere(folder.path());
    let here = folder.path().join("here").display().to_string();
    let run = || Vision::new(&["run", "--wasm"]).argument(&compiled).env("XDG_CACHE_HOME", &here);
    let unknown = run().call();
    assert_eq!(unknown.code, Some(0), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("nobody vouches for the native code"), "{}", unknown.stderr);
    let sum = unknown.stderr.split("--trust-module ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let known = run().option("--trust-module", &sum).call();
    assert_eq!((known.code, known.stderr.as_str()), (Some(0), ""));
    let any = run().option("--code", "native").call();
    assert_eq!((any.code, any.stderr.as_str()), (Some(0), ""));
    let made_here = folder.path().join("here.wasm");
    let made = Vision::new(&["compile"]).argument(folder.path().join("plain.wasm")).argument(&made_here);
    assert_eq!(made.env("XDG_CACHE_HOME", &here).call().code, Some(0));
    let own = Vision::new(&["run", "--wasm"]).argument(&made_here).env("XDG_CACHE_HOME", &here).call();
    assert_eq!((own.code, own.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_module_that_was_compiled_once_starts_at_once_the_next_time() {
    let cache = tempfile::tempdir().unwrap();
    let cache = cache.path().display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("module.wasm");
    std::fs::write(&module, wat::parse_str(ANSWERS).unwrap()).unwrap();
    let run = || Vision::new(&["run", "--wasm"]).argument(&module).env("XDG_CACHE_HOME", &cache).call();
    let twice = [run(), run()];
    assert!(twice.iter().all(|outcome| outcome.code == Some(0)), "{twice:?}");
    assert!(twice[0].stderr.contains("is compiled now"), "{}", twice[0].stderr);
    assert_eq!(twice[1].stderr, "");
}

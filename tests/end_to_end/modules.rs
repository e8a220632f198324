//! Modules that are no modules, misbehave, or were written by other people.

use support::{file, function, read};

use crate::program::Vision;

/// The message of a module that fails, with its exit code.
fn failure(wat: &str) -> (Option<i32>, String) {
    failure_within(wat, "60s")
}

fn failure_within(wat: &str, time_limit: &str) -> (Option<i32>, String) {
    let (_folder, call) = Vision::run_wat(wat);
    let outcome = call.option("--time-limit", time_limit).option("--memory-limit", "16").call();
    assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{}", outcome.stderr);
    (outcome.code, outcome.stderr)
}

fn assert_fails(wat: &str, code: i32, message: &str) {
    let (found, stderr) = failure(wat);
    assert_eq!(found, Some(code), "{stderr}");
    assert!(stderr.contains(message), "{stderr}");
}

fn assert_is_stopped_in_time(wat: &str) {
    let (found, stderr) = failure_within(wat, "500ms");
    assert_eq!(found, Some(1), "{stderr}");
    assert!(stderr.contains("stopped after its time limit of 500ms"), "{stderr}");
}

#[test]
fn a_file_that_is_no_module_is_named() {
    for (path, message) in [
        ("tests/tomato.json", "is no wasm module: it starts with \"{\\\"bo\""),
        ("tests/nowhere.wasm", "can't read the module"),
    ] {
        let outcome = Vision::new(&["run", "--wasm"]).argument(file(path)).stdin("{}").call();
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    }
}

#[test]
fn a_module_without_an_entry_point_is_named() {
    assert_fails("(module (memory 1))", 2, "exports no function `_start`");
}

#[test]
fn an_import_that_nobody_offers_is_named() {
    let wat = r#"(module (import "env" "magic" (func)) (import "wasmedge_image" "load_gif" (func)) (func (export "_start")))"#;
    assert_fails(
        wat,
        2,
        "imports env.magic, wasmedge_image.load_gif, which this runtime doesn't offer (it offers wasi",
    );
}

/// What a terminal would act on, and a line that would look like another.
#[test]
fn names_in_a_module_are_shown_and_not_obeyed() {
    let wat = r#"(module (import "env\1b[2J" "\1b]0;title\07" (func)) (import "番茄" "a\0aERROR forged\e2\80\ae" (func))
        (func (export "_start")))"#;
    let (code, stderr) = failure(wat);
    assert_eq!(code, Some(2));
    let shown = r"imports env\u{1b}[2J.\u{1b}]0;title\u{7}, 番茄.a\nERROR forged\u{202e}, which";
    assert!(stderr.contains(shown), "{stderr}");
    let named = Vision::new(&["run", "--wasm", "no\u{1b}[2J\nfile"]).stdin("{}").call();
    assert_eq!(
        named.stderr.trim_end(),
        r"vision: can't read the module no\u{1b}[2J file: No such file or directory (os error 2)"
    );
}

#[test]
fn what_a_module_says_when_it_fails_is_shown_and_not_obeyed() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\08\00\00\00\15\00\00\00\1b[2J\1b]0;t\07\0d\0aERROR\9b1m")
        (func (export "_start") (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 100)))
            unreachable))"#;
    let (code, stderr) = failure(wat);
    assert_eq!(code, Some(1));
    assert!(stderr.contains(r"it said: \u{1b}[2J\u{1b}]0;t\u{7}  | ERROR"), "{stderr}");
    assert!(!stderr.trim_end().contains(char::is_control), "{stderr:?}");
}

#[test]
fn parts_of_webassembly_that_are_not_run_are_named_before_anything_is_compiled() {
    for (wat, feature) in [
        ("(func (return_call 0))", "tail calls"),
        (
            "(func (drop (i32x4.relaxed_trunc_f32x4_s (v128.const i32x4 0 0 0 0))))",
            "relaxed vector instructions",
        ),
        ("(global i32 (i32.add (i32.const 1) (i32.const 2)))", "extended constant expressions"),
        ("(memory 1) (memory 1)", "several memories"),
        ("(memory i64 1)", "a 64-bit memory"),
        ("(memory 1 2 shared)", "a memory shared between threads"),
        ("(memory 1) (func (drop (i32.atomic.load (i32.const 0))))", "threads"),
        ("(tag $t) (func (throw $t))", "exceptions"),
        ("(type $t (struct)) (func (drop (struct.new $t)))", "garbage-collected types"),
    ] {
        let (folder, _) = Vision::run_wat(&format!(r#"(module {wat} (func (export "_start")))"#));
        let module = folder.path().join("module.wasm");
        let compiled = folder.path().join("compiled.wasm");
        for (call, code) in [
            (Vision::new(&["run", "--wasm"]).argument(&module).stdin("{}"), 2),
            (Vision::new(&["run", "--code", "interpret", "--wasm"]).argument(&module).stdin("{}"), 2),
            (Vision::new(&["compile"]).argument(&module).argument(&compiled), 1),
        ] {
            let outcome = call.call();
            assert_eq!(outcome.code, Some(code), "{outcome:?}");
            let refusal = format!(" uses {feature}, which this runtime does not run");
            assert!(outcome.stderr.contains(&refusal), "{}", outcome.stderr);
            assert_eq!(outcome.stderr.trim_end().lines().count(), 1, "{}", outcome.stderr);
        }
    }
}

#[test]
fn a_start_function_that_ends_the_program_is_named() {
    for code in [0, 7] {
        let wat = format!(
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (func $start (call $exit (i32.const {code}))) (start $start)
            (func (export "_start")))"#
        );
        assert_fails(
            &wat,
            2,
            &format!(
                "its start function, which runs before any event, ended the program with proc_exit({code})"
            ),
        );
    }
}

#[test]
fn a_module_that_wants_more_memory_than_the_limit_is_refused_at_once() {
    assert_fails(
        r#"(module (memory 1024) (func (export "_start")))"#,
        2,
        "starts with 64 MiB of memory, the limit is 16 MiB",
    );
}

#[test]
fn a_trap_is_told_with_the_memory_in_use() {
    let wat = r#"(module (memory (export "memory") 16) (func (export "_start") unreachable))"#;
    assert_fails(wat, 1, "the module trapped: unreachable (it used 1 of 16 MiB of memory)");
}

#[test]
fn an_endless_loop_is_stopped_at_the_time_limit() {
    assert_is_stopped_in_time(r#"(module (func (export "_start") (loop $on (br $on))))"#);
}

/// Calls itself without end; `before` runs in each call.
fn recursion(before: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func $nest (param i32) (result i32) (local i32)
                {before}
                (i32.store (i32.and (local.get 0) (i32.const 1023)) (local.get 0))
                (local.set 1 (call $nest (i32.add (local.get 0) (i32.const 4))))
                (i32.add (i32.load (i32.and (local.get 1) (i32.const 1023))) (local.get 0)))
            (func (export "_start") (drop (call $nest (i32.const 0)))))"#
    )
}

#[test]
fn calls_that_nest_too_deeply_are_stopped_in_the_module_and_in_host_functions() {
    let message = "the module's stack is used up: its calls nest too deeply";
    assert_fails(&recursion(""), 1, message);
    let write = "(drop (call $write (i32.const 1) (i32.const 2048) (i32.const 1) (i32.const 2056)))";
    assert_fails(&recursion(write), 1, message);
}

#[test]
fn memory_grows_to_the_limit_and_no_further() {
    let wat = r#"(module (memory (export "memory") 1) (func (export "_start")
        (loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable))"#;
    assert_fails(wat, 1, "(it used 16 of 16 MiB of memory)");
}

#[test]
fn output_without_end_is_cut_off_at_the_answer_limit() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 2)
        (func (export "_start")
            (i32.store (i32.const 4) (i32.const 65536))
            (loop $on (br_if $on (i32.eqz (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))))"#;
    assert_fails(wat, 1, "bytes or more, the limit is 6291456 (--answer-limit)");
}

#[test]
fn an_exit_code_is_told() {
    let wat = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
        (func (export "_start") (call $exit (i32.const 42))))"#;
    assert_fails(wat, 1, "the module exited with code 42 and said nothing");
}

#[test]
fn a_sleep_ends_at_the_deadline() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200)))
            (loop $on (br $on))))"#;
    assert_is_stopped_in_time(wat);
}

/// A call of a WASI function whose result is the exit code.
fn wasi_result(function: &str, parameters: &str, call: &str) -> String {
    failure(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "{function}" (func $f (param {parameters}) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (data (i32.const 64) "etc/passwd")
            (func (export "_start") (call $exit (call $f {call}))))"#
    ))
    .1
}

#[test]
fn nothing_is_mounted_and_there_is_no_network() {
    let no_descriptor = wasi_result("fd_prestat_get", "i32 i32", "(i32.const 3) (i32.const 0)");
    assert!(no_descriptor.contains("exited with code 8"), "{no_descriptor}");
    let path_open = "(i32.const 3) (i32.const 0) (i32.const 64) (i32.const 10) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)";
    let no_file = wasi_result("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32", path_open);
    assert!(no_file.contains("exited with code 8"), "{no_file}");
    let no_socket = wasi_result("sock_open", "i32 i32 i32", "(i32.const 1) (i32.const 2) (i32.const 0)");
    assert!(no_socket.contains("exited with code 58"), "{no_socket}");
}

#[test]
fn no_environment_is_inherited() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $sizes (i32.const 0) (i32.const 4)))
            (call $exit (i32.add (i32.const 10) (i32.load (i32.const 0))))))"#;
    let (_folder, call) = Vision::run_wat(wat);
    let outcome = call.env("SECRET", "value").call();
    assert!(outcome.stderr.contains("exited with code 10 "), "{}", outcome.stderr);
}

#[test]
fn limits_come_from_the_environment_too() {
    let (_folder, call) = Vision::run_wat(r#"(module (func (export "_start") (loop $on (br $on))))"#);
    let outcome = call.env("VISION_TIME_LIMIT", "150ms").call();
    assert!(outcome.stderr.contains("time limit of 150ms"), "{}", outcome.stderr);
    let outcome = Vision::new(&["run", "--time-limit", "soon"]).call();
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("accepted are forms such as 500ms, 30s or 2m"), "{}", outcome.stderr);
}

#[test]
fn our_function_imports_nothing_but_wasi_pictures_and_tensorflow_lite() {
    let wasm = std::fs::read(function()).unwrap();
    let mut modules: Vec<String> = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(&wasm) {
        if let wasmparser::Payload::ImportSection(section) = payload.unwrap() {
            modules.extend(section.into_imports().map(|import| import.unwrap().module.to_owned()));
        }
    }
    modules.sort();
    modules.dedup();
    assert_eq!(modules, ["wasi_snapshot_preview1", "wasmedge_image", "wasmedge_tensorflowlite"]);
}

#[test]
fn a_module_of_other_people_runs_unmodified_with_granted_folders_and_arguments() {
    let module = file("target/wasm/wasm32-wasip1/release/classify.wasm");
    assert!(module.exists(), "classify.wasm is missing: run `make test`, which builds it");
    let manifest = String::from_utf8(read("models/groceries/model.toml")).unwrap();
    let size = manifest.lines().find_map(|line| line.strip_prefix("width = ")).unwrap().to_owned();
    let dir = |guest: &str, path: &str| format!("{guest}:{}", file(path).display());
    let call = |with_dirs: bool| {
        let mut call = Vision::new(&["run", "--log-level", "error"]).option("--wasm", &module);
        if with_dirs {
            call = call
                .option("--dir", dir("/models", "models"))
                .option("--dir", dir("/samples", "tests/samples"));
        }
        for argument in
            ["--", "/models/groceries/model.tflite", "/samples/tomato.jpg", &size, "image", "probabilities"]
        {
            call = call.argument(argument);
        }
        call.call()
    };
    let tomato =
        Vision::new(&["run", "--wasm"]).argument(function()).argument(file("tests/tomato.json")).call();
    let outcome = call(true);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let index: usize = outcome.stdout.trim().parse().unwrap();
    if std::env::var("MODEL").is_ok_and(|model| model != "groceries") {
        return;
    }
    assert!(tomato.stdout.starts_with(&crate::program::labels("en")[index]), "{index}: {}", tomato.stdout);
    assert_eq!(call(false).code, Some(1), "without the folders there is no model");
}

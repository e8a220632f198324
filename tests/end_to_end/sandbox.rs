//! `--sandbox`: the process gives up what it does not need. (What exactly: `layer/worker/src/sandbox/tests.rs`.)

use support::file;

use crate::program::{Outcome, Vision};

/// The outcome with a sandbox that is required; nothing where this kernel has none, which CI does not accept.
fn confined(call: Vision) -> Option<Outcome> {
    let outcome = call.option("--sandbox", "require").call();
    if outcome.stderr.contains("the sandbox needs ") {
        assert_eq!(outcome.code, Some(2));
        assert!(std::env::var_os("CI").is_none(), "CI needs landlock: {}", outcome.stderr);
        eprintln!("not tested here: {}", outcome.stderr);
        return None;
    }
    Some(outcome)
}

#[test]
fn a_confined_run_answers_as_any_other() {
    let call = || Vision::run_function().argument(file("tests/tomato.json"));
    let free = call().option("--sandbox", "off").call();
    assert_eq!(free.code, Some(0), "{}", free.stderr);
    let Some(confined) = confined(call()) else { return };
    assert_eq!((confined.code, confined.stdout), (free.code, free.stdout), "{}", confined.stderr);
}

/// Opens `link` in the first granted folder; the result is the exit code.
const OPENS_A_LINK: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 64) "link")
    (func (export "_start")
        (call $exit (i32.add (i32.const 10) (call $open (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 4)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0))))))"#;

#[test]
fn a_link_out_of_a_granted_folder_leads_nowhere_in_a_confined_run() {
    let (granted, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (inside, outside) = (granted.path().join("file"), elsewhere.path().join("secret"));
    std::fs::write(&inside, "mine").unwrap();
    std::fs::write(&outside, "not mine").unwrap();
    let link = granted.path().join("link");
    let dir = format!("/granted:{}", granted.path().display());
    for (target, code) in [(&inside, 10), (&outside, 12)] {
        drop(std::fs::remove_file(&link));
        std::os::unix::fs::symlink(target, &link).unwrap();
        let (_module, call) = Vision::run_wat(OPENS_A_LINK);
        let Some(outcome) = confined(call.option("--dir", &dir)) else { return };
        assert!(
            outcome.stderr.contains(&format!("exited with code {code} ")),
            "{target:?}: {}",
            outcome.stderr
        );
    }
}

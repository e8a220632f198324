//! Where the system has control groups to give, all memory of a worker is bounded; where it has none, that is said.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::program::{ANSWERS, Outcome, Vision};

/// Fills the file `filled` of the first granted folder with 256 MiB, in pieces of 1.
const FILLS_A_FILE: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 17)
    (data (i32.const 0) "\00\00\01\00\00\00\10\00") (data (i32.const 64) "filled")
    (func (export "_start") (local $round i32)
        (if (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 6)
            (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)) (then unreachable))
        (loop $on
            (if (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 24)) (then unreachable))
            (local.set $round (i32.add (local.get $round) (i32.const 1)))
            (br_if $on (i32.lt_u (local.get $round) (i32.const 256))))))"#;

/// What a module does that may take 64 MiB of memory, and what was logged of it.
fn outcome(wat: &str, options: &[(&str, &str)]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("module.wasm");
    std::fs::write(&module, wat::parse_str(wat).unwrap()).unwrap();
    let call =
        Vision::new(&["run", "--code", "interpret", "--log-level", "vision=info", "--memory-limit", "64"]);
    let call = options.iter().fold(call, |call, (name, value)| call.option(name, value));
    call.option("--wasm", module).call()
}

/// The folder of the groups that a front had, by its log; or why it had none.
fn folder_of_groups(outcome: &Outcome) -> Result<PathBuf, String> {
    let told = outcome.stderr.split("each worker has a control group for its memory (").nth(1);
    let Some(told) = told.and_then(|told| told.split(')').next()) else {
        assert!(outcome.stderr.contains("workers have no control groups for their memory: "), "{outcome:?}");
        return Err(format!(
            "this system has no control groups to give, so they are not tested: {}",
            outcome.stderr
        ));
    };
    Ok(told.split(" in ").nth(1).unwrap().into())
}

#[test]
fn files_in_memory_count_as_a_worker_s() {
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("this system has no files in memory: control groups are not tested");
        return;
    };
    let dir = format!("/granted:{}", memory.path().display());
    let outcome = outcome(FILLS_A_FILE, &[("--dir", &dir)]);
    if let Err(reason) = folder_of_groups(&outcome) {
        assert_eq!(outcome.code, Some(0), "the worker's own limits don't count them: {outcome:?}");
        eprintln!("{reason}");
        return;
    }
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("the event takes more than the 64 MiB of memory that a worker may have"),
        "{}",
        outcome.stderr
    );
    // What a worker may have by its own limits and its file for answers are above the 64 MiB.
    let filled = std::fs::metadata(memory.path().join("filled")).unwrap().len();
    assert!((32 << 20..128 << 20).contains(&filled), "{filled}");
}

#[test]
fn groups_are_gone_when_their_front_is() {
    match folder_of_groups(&outcome(ANSWERS, &[])) {
        Err(reason) => eprintln!("{reason}"),
        Ok(folder) => {
            let until = Instant::now() + Duration::from_secs(60);
            while folder.exists() {
                assert!(Instant::now() < until, "{} is still there", folder.display());
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

#[test]
fn what_is_in_effect_is_said_once() {
    let outcome = outcome(ANSWERS, &[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let lines = outcome
        .stderr
        .lines()
        .filter(|line| line.contains("for its memory") || line.contains("for their memory"));
    assert_eq!(lines.count(), 1, "{}", outcome.stderr);
}

/// A module's call in a name space of processes of its own, where the front is always process 1, as in a container.
fn outcome_as_process_1(module: &std::path::Path) -> Option<Outcome> {
    let of_its_own = ["--map-root-user", "--pid", "--fork"];
    let can = std::process::Command::new("unshare").args(of_its_own).arg("true").output();
    if !can.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI needs user namespaces");
        return None;
    }
    let mut command = support::vision("unshare");
    command.args(of_its_own).arg(env!("CARGO_BIN_EXE_vision"));
    command.args([
        "run",
        "--code",
        "interpret",
        "--log-level",
        "vision=info",
        "--memory-limit",
        "64",
        "--wasm",
    ]);
    let output = command.arg(module).stdin(std::process::Stdio::null()).output().unwrap();
    Some(Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    })
}

#[test]
fn what_a_front_with_the_same_number_left_keeps_nobody_from_having_groups() {
    let (_folder, module) = support::module(ANSWERS);
    let Some(first) = outcome_as_process_1(&module) else { return };
    let folder = match folder_of_groups(&first) {
        Ok(folder) => folder,
        Err(reason) => return eprintln!("{reason}"),
    };
    assert!(folder.ends_with("vision-1-0"), "{}", folder.display());
    // As a front leaves it that was killed together with its nursery.
    std::fs::create_dir_all(folder.join("3")).unwrap();
    let second = outcome_as_process_1(&module).unwrap();
    assert_eq!(folder_of_groups(&second), Ok(folder), "{}", second.stderr);
    assert_eq!(second.code, Some(0), "{}", second.stderr);
}

//! `vision compile`, `vision eval`, and the command line itself.

use std::fs::File;
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;

use support::{file, function};

use crate::program::{ANSWERS, Vision};

#[test]
fn a_compiled_module_runs_natively_and_in_the_interpreter() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, compiled) = (folder.path().join("plain.wasm"), folder.path().join("compiled.wasm"));
    std::fs::write(&plain, wat::parse_str(ANSWERS).unwrap()).unwrap();
    for processor in [&[][..], &["--native"]] {
        let call = Vision::new(&["compile"]).argument(&plain).argument(&compiled);
        let call = processor.iter().fold(call, |call, argument| call.argument(argument));
        assert_eq!(call.call().code, Some(0));
        assert!(std::fs::read(&compiled).unwrap().len() > std::fs::read(&plain).unwrap().len());
        for code in ["auto", "interpret", "compile"] {
            let outcome =
                Vision::new(&["run", "--wasm"]).argument(&compiled).option("--code", code).stdin("{}").call();
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{code}");
        }
    }
}

#[test]
fn what_can_t_be_compiled_is_named_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.wasm");
    let missing = Vision::new(&["compile", "nowhere.wasm"]).argument(&output).call();
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("can't read the module nowhere.wasm"), "{}", missing.stderr);
    let json = Vision::new(&["compile"]).argument(file("tests/tomato.json")).argument(&output).call();
    assert_eq!(json.code, Some(1));
    assert!(json.stderr.contains("can't compile"), "{}", json.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Three samples as an evaluation list, each labelled with what the function says of it.
fn evaluation_list(folder: &std::path::Path) -> std::path::PathBuf {
    let mut lines = Vec::new();
    for name in ["granny-smith", "lemon", "tomato"] {
        let sample = file(&format!("tests/samples/{name}.jpg"));
        let event = crate::program::bare(&std::fs::read(&sample).unwrap());
        let answer = Vision::run_function().stdin(event).call().stdout;
        let label = answer.lines().next().unwrap().rsplit_once(": ").unwrap().0.to_owned();
        lines.push(format!("{}, {label}, {}", sample.canonicalize().unwrap().display(), label.len()));
    }
    let list = folder.join("list.txt");
    std::fs::write(&list, lines.join("\n")).unwrap();
    list
}

fn eval(list: &std::path::Path) -> Vision {
    Vision::new(&["eval"])
        .argument(list)
        .option("--labels", file("models/groceries/labels.txt"))
        .option("--wasm", function())
}

#[test]
fn an_evaluation_reports_accuracy_and_throughput() {
    let folder = tempfile::tempdir().unwrap();
    let list = evaluation_list(folder.path());
    let outcome = eval(&list).argument("--json").call();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((report["pictures"].as_u64(), report["top1"].as_f64()), (Some(3), Some(1.0)));
    assert_eq!((report["top3"].as_f64(), report["group_top1"].as_f64()), (Some(1.0), Some(1.0)));
    assert!(report["pictures_per_second"].as_f64().unwrap() > 0.0);
    let text = eval(&list).call().stdout;
    assert!(text.contains("top-1       100.00%") && text.contains("throughput"), "{text}");
}

#[test]
fn an_evaluation_names_pictures_that_fail_and_counts_them_as_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let list = evaluation_list(folder.path());
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(folder.path().join("broken.jpg"), b"\xFF\xD8\xFF broken").unwrap();
    std::fs::write(&list, format!("{text}\nmissing.jpg, 70, none\nbroken.jpg, 71, none\n")).unwrap();
    let outcome = eval(&list).call();
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stdout.contains("top-1       60.00%"), "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("missing.jpg: No such file") && outcome.stdout.contains("broken.jpg: "),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_list_that_makes_no_sense_is_named_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "a.jpg, no such label\n").unwrap();
    let outcome = eval(&list).call();
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("line 1: no label \"no such label\"; accepted are 0 to 80"),
        "{}",
        outcome.stderr
    );
}

/// Where a command writes that nobody reads: what `head` leaves behind once it has its lines.
fn closed_pipe() -> Stdio {
    let (_, writer) = std::io::pipe().unwrap();
    writer.into()
}

/// How `vision` ends with these streams, and what it says on standard error where that is not one of them.
fn end(arguments: &[&str], stdout: Stdio, stderr: Stdio) -> (ExitStatus, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vision"));
    let child = command
        .args(arguments)
        .env("VISION_LOG", "error")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn who_stops_reading_ends_a_command_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let (list, wasm) = (evaluation_list(folder.path()), function());
    let (list, wasm) = (list.to_str().unwrap(), wasm.to_str().unwrap());
    let (labels, event) = (file("models/groceries/labels.txt"), file("tests/tomato.json"));
    let eval = ["eval", list, "--labels", labels.to_str().unwrap(), "--wasm", wasm];
    let bench = ["bench", event.to_str().unwrap(), "--count", "1", "--wasm", wasm];
    for command in [&[&eval[..], &["--json"]].concat(), &eval[..], &bench[..], &["--help"]] {
        let (status, stderr) = end(command, closed_pipe(), Stdio::piped());
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn turns_end_when_nobody_reads_them() {
    let (wasm, event) = (function(), file("tests/tomato.json"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_vision"))
        .arg("bench")
        .arg(&event)
        .args(["--turns", "--wasm"])
        .arg(&wasm)
        .stdin(Stdio::piped())
        .stdout(closed_pipe())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut turns = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut turns, b"1\n1\n").unwrap();
    let status = child.wait().unwrap();
    drop(turns);
    assert_eq!(status.code(), Some(0), "it ends though there may be more turns to come");
}

#[test]
fn a_report_that_can_t_be_written_is_a_failure_with_its_reason() {
    let (wasm, event) = (function(), file("tests/tomato.json"));
    let bench = ["bench", event.to_str().unwrap(), "--count", "1", "--wasm", wasm.to_str().unwrap()];
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (status, stderr) = end(&bench, full.into(), Stdio::piped());
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("vision: can't print the result: No space left"), "{stderr}");
}

/// As `vision … 1>&-` at a shell prompt, and where it may only be read.
#[test]
fn an_answer_that_nobody_can_get_is_a_failure() {
    let (wasm, event) = (function(), file("tests/tomato.json"));
    let (wasm, event) = (wasm.to_str().unwrap(), event.to_str().unwrap());
    for arguments in [&["run", event, "--wasm", wasm][..], &["bench", event, "--count", "1", "--wasm", wasm]]
    {
        for redirection in ["1>&-", "1</dev/null", "1>/dev/full"] {
            let output = Command::new("sh")
                .args(["-c", &format!("exec \"$0\" \"$@\" {redirection}"), env!("CARGO_BIN_EXE_vision")])
                .args(arguments)
                .env("VISION_LOG", "error")
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{arguments:?} {redirection}: {stderr}");
            let is_reason = stderr.starts_with("vision: can't write the answer: ")
                || stderr.starts_with("vision: can't print the result: ");
            assert!(is_reason && stderr.lines().count() == 1, "{arguments:?} {redirection}: {stderr}");
        }
        let (status, stderr) = end(arguments, Stdio::null(), Stdio::piped());
        assert_eq!(
            (status.code(), stderr.as_str()),
            (Some(0), ""),
            "who wants no answer says so by /dev/null"
        );
    }
}

#[test]
fn a_failure_has_its_exit_code_also_where_nobody_reads_why() {
    let (status, _) = end(&["compile", "nowhere.wasm", "out.wasm"], Stdio::null(), closed_pipe());
    assert_eq!(status.code(), Some(2));
}

#[test]
fn the_help_of_every_command_is_on_standard_output() {
    for command in ["run", "scf", "lambda", "serve", "compile", "function", "eval", "bench"] {
        let outcome = Vision::new(&[command, "--help"]).call();
        assert_eq!(outcome.code, Some(0), "{command}");
        assert!(outcome.stdout.contains("Usage: vision "), "{command}: {}", outcome.stdout);
        assert_eq!(outcome.stderr, "", "{command}");
    }
}

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let outcome = Vision::new(&["--help"]).call();
    for word in ["run", "compile", "eval", "Exit codes: 0 answered"] {
        assert!(outcome.stdout.contains(word), "{}", outcome.stdout);
    }
    assert_eq!(Vision::new(&[]).call().code, Some(2));
    assert_eq!(Vision::new(&["fly"]).call().code, Some(2));
}

#[test]
fn values_of_variables_are_held_to_what_flags_accept() {
    for (name, value, accepted) in [
        ("VISION_ALLOW_ANY_MODEL", "maybe", "invalid value 'maybe' for '--allow-any-model'"),
        ("VISION_LOG", "nonsense", "accepted are off, error, warn"),
        ("VISION_LOG_FORMAT", "xml", "[possible values: text, json]"),
        ("VISION_THREADS", "100000", "accepted are 1 to 256"),
        ("VISION_THREADS", "0", "accepted are 1 to 256"),
        ("VISION_SANDBOX", "perhaps", "[possible values: auto, off, require]"),
        ("VISION_TIME_LIMIT", "soon", "accepted are forms such as"),
    ] {
        let outcome = Vision::new(&["run", "nowhere.json"]).env(name, value).call();
        assert_eq!(outcome.code, Some(2), "{name}={value}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(accepted), "{name}={value}: {}", outcome.stderr);
    }
    for (name, value) in
        [("VISION_WORKERS", "100000"), ("VISION_QUEUE_LIMIT", "5000"), ("VISION_HOST", "a b")]
    {
        let outcome = Vision::new(&["serve", "--listen", "127.0.0.1:0"]).env(name, value).call();
        assert!(outcome.code == Some(2) && outcome.stderr.contains(value), "{name}: {}", outcome.stderr);
    }
}

//! Answers that are pictures, and the options that functions are given.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::{file, read};

use crate::program::{Outcome, Vision, bare, encode, http, response};

/// A call of the function that answers the picture that it is given, with these options.
fn copies(query: &str) -> Vision {
    let wasm = file("target/wasm/wasm32-wasip1/release/copies.wasm");
    assert!(wasm.exists(), "copies.wasm is missing: run `make test`, which builds it");
    Vision::new(&["run", "--log-level", "error"]).option("--wasm", wasm).option("--query", query)
}

fn picture() -> Vec<u8> {
    read("tests/images/rgb-8.png")
}

#[test]
fn a_picture_gets_a_picture() {
    let output = copies("").argument(file("tests/images/rgb-8.png")).output();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
    assert!(output.stdout == picture(), "{} bytes", output.stdout.len());
}

#[test]
fn a_bare_json_event_gets_json_with_type_and_base64() {
    let outcome = copies("").stdin(bare(&picture())).call();
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let expected = json!({"body": encode(picture()), "content_type": "image/png", "suffix": ".copy.png"});
    assert_eq!(answer, expected);
}

#[test]
fn an_http_event_gets_base64_with_the_pictures_type() {
    let outcome = copies("").stdin(http(&json!(encode(picture())), &json!({}))).call();
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&answer["isBase64Encoded"], &answer["body"]), (&json!(true), &json!(encode(picture()))));
    assert_eq!(answer["headers"]["content-type"], "image/png");
}

#[test]
fn options_come_by_the_command_line_the_environment_the_query_or_a_field() {
    let count = |outcome: &Outcome| {
        let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let answer = match answer["body"].as_str() {
            Some(body) => serde_json::from_str(body).unwrap(),
            None => answer,
        };
        answer["files"].as_array().unwrap().len()
    };
    let path = file("tests/images/rgb-8.png");
    assert_eq!(count(&copies("files=2").argument(&path).call()), 2);
    assert_eq!(count(&copies("files=2").option("--query", "pad=1").argument(&path).call()), 2);
    let wasm = file("target/wasm/wasm32-wasip1/release/copies.wasm");
    let by_environment = Vision::new(&["run", "--log-level", "error"]).option("--wasm", wasm);
    assert_eq!(count(&by_environment.env("VISION_QUERY", "files=3").argument(&path).call()), 3);
    let extra = json!({"queryString": {"files": "4"}});
    let by_query = http(&json!(encode(picture())), &extra);
    assert_eq!(count(&copies("files=2").stdin(by_query).call()), 4);
    let by_field = json!({"body": encode(picture()), "files": 5}).to_string();
    assert_eq!(count(&copies("files=2").stdin(by_field).call()), 5);
    let refused = copies("files=many").argument(&path).call();
    assert_eq!(refused.stderr, "vision: files is \"many\", accepted are 0 to 9\n");
    assert_eq!(copies("files").argument(&path).call().code, Some(2));
}

#[test]
fn labels_take_the_same_options() {
    let path = file("tests/samples/tomato.jpg");
    let outcome = Vision::run_function().option("--query", "top=1&lang=zh").argument(path).call();
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!((outcome.code, lines.len()), (Some(0), 1), "{}", outcome.stderr);
    assert!(!lines[0].is_ascii(), "{lines:?}");
}

#[test]
fn an_answer_goes_into_a_file_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.png");
    let into_file = |query: &str| {
        let call = copies(query).option("--output", &target).option("--sandbox", "auto");
        call.argument(file("tests/images/rgb-8.png")).call()
    };
    let outcome = into_file("");
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(0), "", ""));
    assert!(fs::read(&target).unwrap() == picture());
    for query in ["refuse=no", "pad=7000000"] {
        assert_eq!(into_file(query).code, Some(1));
        assert!(fs::read(&target).unwrap() == picture(), "{query}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let nowhere = copies("").option("--output", folder.path().join("none/out.png"));
    let outcome = nowhere.argument(file("tests/images/rgb-8.png")).call();
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("can't write the answer to") && outcome.stderr.contains("none/out.png"));
}

#[test]
fn a_terminal_gets_a_message_instead_of_a_picture() {
    let spawn = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let in_terminal = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(["-c", spawn, env!("CARGO_BIN_EXE_vision"), "run", "--log-level", "error", "--wasm"]);
        command.arg(file("target/wasm/wasm32-wasip1/release/copies.wasm")).args(arguments);
        let output = command.arg(file("tests/images/rgb-8.png")).output().unwrap();
        (output.status.code(), output.stdout)
    };
    let (code, shown) = in_terminal(&[]);
    let shown = String::from_utf8(shown).unwrap();
    let size = picture().len();
    let expected = format!("the answer is image/png of {size} bytes, which a terminal can't show");
    assert!(code == Some(1) && shown.contains(&expected), "{code:?}: {shown}");
    let (code, shown) = in_terminal(&["--query", "files=1"]);
    assert!(code == Some(0) && shown.starts_with(b"{\"files\":"));
}

#[test]
fn a_picture_beyond_the_answer_limit_is_told_with_its_size_and_what_to_do() {
    let outcome = copies("pad=7000000").argument(file("tests/images/rgb-8.png")).call();
    let size = 7_000_000 + picture().len();
    let expected = format!("the answer has {size} bytes or more, the limit is 6291456 (--answer-limit)");
    assert!(outcome.code == Some(1) && outcome.stderr.contains(&expected), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("size=1024 or format=jpeg"), "{}", outcome.stderr);
    let larger = copies("pad=7000000").option("--answer-limit", "8");
    let output = larger.argument(file("tests/images/rgb-8.png")).output();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), size));
}

#[test]
fn what_the_function_refuses_is_told_as_ever() {
    let outcome = copies("refuse=nobody").argument(file("tests/images/rgb-8.png")).call();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(1), "vision: nobody\n"));
    let refused = copies("refuse=nobody").stdin(http(&json!(encode(picture())), &json!({}))).call();
    assert_eq!(response(&refused).0, 422);
}

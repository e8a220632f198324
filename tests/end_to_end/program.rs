//! Calling the program, and reading what it answers.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use support::{function, read};

/// A module that answers every event with a line.
pub(crate) const ANSWERS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\07\00\00\00answer\n")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#;

/// What a call of the program did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A call of `vision`, with nothing of the caller's settings.
#[derive(Debug)]
pub(crate) struct Vision {
    command: Command,
    stdin: Vec<u8>,
}

impl Vision {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let mut command = support::vision(env!("CARGO_BIN_EXE_vision"));
        command.args(arguments);
        Self { command, stdin: Vec::new() }
    }

    /// `vision run` with the built function.
    pub(crate) fn run_function() -> Self {
        Self::new(&["run"]).option("--wasm", function())
    }

    /// `vision run` with a module in WebAssembly text.
    pub(crate) fn run_wat(wat: &str) -> (tempfile::TempDir, Self) {
        let (folder, module) = support::module(wat);
        let call = Self::new(&["run", "--log-level", "error"]).option("--wasm", module);
        (folder, call)
    }

    pub(crate) fn option(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(name).arg(value);
        self
    }

    pub(crate) fn argument(mut self, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(value);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    pub(crate) fn call(self) -> Outcome {
        let Output { status, stdout, stderr } = self.output();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// The same, where the answer is no text.
    pub(crate) fn output(mut self) -> Output {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().unwrap();
        let bytes = self.stdin;
        // The program may end before it has read all.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output
    }
}

/// Bytes as base64.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// A bare event with this picture.
pub(crate) fn bare(picture: &[u8]) -> Vec<u8> {
    json!({"body": encode(picture)}).to_string().into()
}

/// An HTTP event with this body.
pub(crate) fn http(body: &Value, extra: &Value) -> Vec<u8> {
    let mut event = json!({"httpMethod": "POST", "path": "/", "headers": {}, "body": body});
    event.as_object_mut().unwrap().extend(extra.as_object().cloned().unwrap_or_default());
    event.to_string().into()
}

/// Status and body of the HTTP answer on standard output; a body that is JSON comes parsed.
pub(crate) fn response(outcome: &Outcome) -> (u64, Value) {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let response: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let body = response["body"].as_str().unwrap();
    (response["statusCode"].as_u64().unwrap(), serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
}

/// The labels of the built-in model.
pub(crate) fn labels(language: &str) -> Vec<String> {
    let model = std::env::var("MODEL").unwrap_or_else(|_| "groceries".to_owned());
    let name = if language == "zh" { "labels.zh.txt" } else { "labels.txt" };
    let text = String::from_utf8(read(&format!("models/{model}/{name}"))).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The fenced blocks of a kind in a document.
pub(crate) fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = String::from_utf8(read(document)).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

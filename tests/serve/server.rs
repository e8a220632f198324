//! The running program.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use support::{function, read};

use crate::client::{Client, Reply, encode, request};

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn tomato() -> Vec<u8> {
    read("tests/samples/tomato.jpg")
}

/// `vision` with nothing of the caller's settings.
pub(crate) fn vision() -> Command {
    support::vision(env!("CARGO_BIN_EXE_vision"))
}

/// `vision run`'s HTTP answer to this picture.
pub(crate) fn labels_of_run(picture: &[u8]) -> Value {
    let event = serde_json::json!({"httpMethod": "POST", "body": encode(picture)}).to_string();
    let mut child = vision()
        .args(["run", "--wasm"])
        .arg(function())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

/// A service that ends with its test.
pub(crate) struct Server {
    child: Child,
    address: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Our function behind HTTP.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = vision();
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--wasm"]).arg(function()).args(arguments);
        Self::spawn(command)
    }

    /// A module in WebAssembly text behind HTTP.
    pub(crate) fn start_wat(wat: &str, arguments: &[&str]) -> Self {
        let (_folder, module) = support::module(wat);
        let mut command = vision();
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--wasm"]).arg(module).args(arguments);
        Self::spawn(command)
    }

    /// A command that becomes `vision serve --listen 127.0.0.1:0`.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {log}")).unwrap();
            if let Some(address) = line.strip_prefix("vision: listening on http://") {
                break address.to_owned();
            }
            log.push_str(&format!("{line}\n"));
        };
        let log = Arc::new(Mutex::new(log));
        let shared = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                shared.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { child, address, log }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it wrote to standard error.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes as they are and reads until the service closes; nothing where it closed without an answer.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = self.connect();
        // It may answer and close before it has read all.
        drop(stream.write_all(bytes));
        drop(stream.shutdown(std::net::Shutdown::Write));
        Reply::read(&mut stream)
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Client for Server {
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.connect();
        drop(stream.write_all(&request(method, path, headers, body)));
        Reply::read(&mut stream).unwrap_or_else(|| panic!("no answer to {method} {path}: {}", self.log()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The processes whose parent this is.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |process: &u32| {
        // pid (name) state ppid …, and a name may have blanks and brackets (proc(5)).
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let mut fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
        fields.next().is_some_and(|state| state != "Z") && fields.next() == Some(&parent.to_string())
    };
    numbers.filter(is_child).collect()
}

/// Sends a signal, such as `-KILL`, to a process, which may have ended meanwhile.
pub(crate) fn signal(name: &str, process: u32) {
    drop(Command::new("kill").args([name, &process.to_string()]).output());
}

/// Tries again until `condition` holds.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "still not: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

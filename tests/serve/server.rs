//! The running program and a client for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use support::{function, read};

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn tomato() -> Vec<u8> {
    read("tests/samples/tomato.jpg")
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
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

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.connect();
        drop(stream.write_all(&request(method, path, headers, body)));
        Reply::read(&mut stream).unwrap_or_else(|| panic!("no answer to {method} {path}: {}", self.log()))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, kind: &str, body: &[u8]) -> Reply {
        self.send("POST", path, &[("content-type", kind)], body)
    }

    pub(crate) fn recognize(&self, picture: &[u8]) -> Reply {
        self.post("/v1/recognize", "image/jpeg", picture)
    }

    /// The value of a metric, by its name with labels and a space; 0 where it was never counted.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.map_or(0.0, |value| value.trim().parse().unwrap())
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

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A request that closes its connection.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n"
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A form with one file.
pub(crate) fn form(picture: &[u8]) -> (&'static str, Vec<u8>) {
    let head = b"--boundary\r\ncontent-disposition: form-data; name=\"file\"; filename=\"photo.jpg\"\r\n\r\n";
    let body = [&head[..], picture, b"\r\n--boundary--\r\n"].concat();
    ("multipart/form-data; boundary=boundary", body)
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Reads until the other side closes.
    pub(crate) fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        // A reset after the answer is the service's right where it has not read all.
        drop(stream.read_to_end(&mut bytes));
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Status and error code.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status, self.json()["error"]["code"].as_str().unwrap().to_owned())
    }

    /// What the error says.
    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
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

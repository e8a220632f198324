//! Requests and answers.

use std::io::Read;
use std::net::TcpStream;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Somebody who answers requests, over a connection or without one.
pub(crate) trait Client {
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply;

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Reply {
        self.send("POST", path, &[("content-type", content_type)], body)
    }

    fn recognize(&self, picture: &[u8]) -> Reply {
        self.post("/v1/recognize", "image/jpeg", picture)
    }

    /// The value of a metric, by its name with labels and a space, or without labels for the sum of all; 0 where it was never
    /// counted.
    fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let value = |line: &str| match line.strip_prefix(name) {
            Some(value) => Some(value.to_owned()),
            None => line
                .strip_prefix(name.trim_end())?
                .strip_prefix('{')?
                .split_once("} ")
                .map(|(_, value)| value.to_owned()),
        };
        text.lines().filter_map(value).map(|value| value.trim().parse::<f64>().unwrap()).sum()
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
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

    /// Of what a router answers.
    pub(crate) async fn of(response: axum::response::Response) -> Self {
        let (head, body) = response.into_parts();
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let headers = headers.collect();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Self { status: head.status.as_u16(), headers, body }
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

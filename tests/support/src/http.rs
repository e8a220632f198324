//! As much of HTTP/1.1 as a platform speaks, with the freedom to break off anywhere.

use std::io::{Read, Write};
use std::net::TcpStream;

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// With the query.
    pub path: String,
    /// As long as was announced.
    pub body: Vec<u8>,
}

impl Request {
    /// Takes the first request out of what was received; nothing if it isn't there to its end.
    ///
    /// # Errors
    /// Says what is no HTTP.
    pub fn take(received: &mut Vec<u8>) -> Result<Option<Self>, String> {
        let Some(head_end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head =
            std::str::from_utf8(&received[..head_end]).map_err(|_| "a head that is not UTF-8".to_owned())?;
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default();
        let [method, path, "HTTP/1.1"] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("no request line of HTTP/1.1: {line:?}"));
        };
        let mut length = None;
        let mut has_host = false;
        for line in lines {
            let (name, value) = line.split_once(':').ok_or_else(|| format!("no header: {line:?}"))?;
            match name.to_lowercase().as_str() {
                "content-length" => length = value.trim().parse::<usize>().ok(),
                "host" => has_host = true,
                "transfer-encoding" => return Err("a body without a length".to_owned()),
                _ => {}
            }
        }
        if !has_host {
            return Err("a request without a Host header".to_owned());
        }
        if method == "POST" && length.is_none() {
            return Err(format!("POST {path} without a length"));
        }
        let (method, path) = (method.to_owned(), path.to_owned());
        let body_start = head_end + 4;
        let end = body_start + length.unwrap_or(0);
        if received.len() < end {
            return Ok(None);
        }
        let body = received[body_start..end].to_vec();
        received.drain(..end);
        Ok(Some(Self { method, path, body }))
    }
}

/// What goes out.
#[derive(Clone, Debug)]
pub struct Response {
    /// The number alone; nobody reads the words behind it.
    pub status: u16,
    /// Beside the length.
    pub headers: Vec<(String, String)>,
    /// All of it.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The answer with up to so many bytes of its body.
    pub fn bytes(&self, body_bytes: usize) -> Vec<u8> {
        let Self { status, headers, body } = self;
        let mut head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        [head.as_bytes(), b"\r\n", &body[..body_bytes.min(body.len())]].concat()
    }
}

/// One connection that the other side has opened.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    /// Over this stream.
    pub fn new(stream: TcpStream) -> Self {
        // Small answers go out at once.
        drop(stream.set_nodelay(true));
        Self { stream, received: Vec::new() }
    }

    /// The next request; nothing once the other side has closed the connection between two requests. A reset at this place
    /// is an end, too.
    ///
    /// # Errors
    /// Says what is no HTTP.
    pub fn read(&mut self) -> Result<Option<Request>, String> {
        let mut chunk = vec![0; 64 << 10];
        loop {
            if let Some(request) = Request::take(&mut self.received)? {
                return Ok(Some(request));
            }
            match self.stream.read(&mut chunk) {
                Ok(0) | Err(_) if self.received.is_empty() => return Ok(None),
                Ok(0) | Err(_) => return Err("the connection ended within a request".to_owned()),
                Ok(count) => self.received.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// Writes the answer with up to so many bytes of its body.
    ///
    /// # Errors
    /// The other side is gone.
    pub fn write(&mut self, response: &Response, body_bytes: usize) -> std::io::Result<()> {
        self.stream.write_all(&response.bytes(body_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &[u8] = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";

    #[test]
    fn requests_are_taken_one_by_one_once_they_are_there() {
        let mut received = [POST, POST].concat();
        received.pop();
        let request = Request::take(&mut received).unwrap().unwrap();
        assert_eq!(
            (request.method.as_str(), request.path.as_str(), request.body.as_slice()),
            ("POST", "/a", &b"abc"[..])
        );
        assert_eq!(Request::take(&mut received), Ok(None));
        received.push(b'c');
        assert_eq!(Request::take(&mut received).unwrap().unwrap(), request);
        assert_eq!(received, b"");
    }

    #[test]
    fn what_a_strict_server_would_not_take_is_named() {
        for (head, message) in [
            ("POST /a HTTP/1.1\r\nHost: x", "without a length"),
            ("GET /a HTTP/1.1\r\nAccept: x", "Host"),
            ("GET /a", "no request line"),
            ("GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", "a body without a length"),
        ] {
            let error = Request::take(&mut format!("{head}\r\n\r\n").into_bytes()).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}

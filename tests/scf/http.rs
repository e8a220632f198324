//! As much of HTTP/1.1 as the platform speaks, with the freedom to break off anywhere.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// What came in.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// What goes out.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }
}

/// One connection that the function has opened.
#[derive(Debug)]
pub(crate) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Small answers go out at once.
        drop(stream.set_nodelay(true));
        Self { reader: BufReader::new(stream) }
    }

    /// The next request; nothing once the function has closed the connection between two requests.
    ///
    /// # Errors
    /// Says what is no HTTP.
    pub(crate) fn read(&mut self) -> Result<Option<Request>, String> {
        let Some(line) = self.line()? else { return Ok(None) };
        let [method, path, "HTTP/1.1"] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("no request line of HTTP/1.1: {line:?}"));
        };
        let (method, path) = (method.to_owned(), path.to_owned());
        let mut length = None;
        let mut has_host = false;
        loop {
            let line = self.line()?.ok_or("the connection ended in the headers")?;
            if line.is_empty() {
                break;
            }
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
        let mut body = vec![0; length.unwrap_or(0)];
        self.reader.read_exact(&mut body).map_err(|_| format!("{path}: the connection ended in the body"))?;
        Ok(Some(Request { method, path, body }))
    }

    /// Writes the answer with up to so many bytes of its body.
    pub(crate) fn write(&mut self, response: &Response, body_bytes: usize) -> std::io::Result<()> {
        let Response { status, headers, body } = response;
        let mut bytes = format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(&body[..body_bytes.min(body.len())]);
        self.reader.get_mut().write_all(&bytes)
    }

    /// A line without its end; nothing at the end of the connection. A reset at this place is an end, too.
    fn line(&mut self) -> Result<Option<String>, String> {
        let mut line = Vec::new();
        match self.reader.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => Ok(None),
            Ok(_) => {
                let text = String::from_utf8(line).map_err(|_| "a head that is not UTF-8".to_owned())?;
                let text = text.strip_suffix("\r\n").ok_or_else(|| format!("no line end: {text:?}"))?;
                Ok(Some(text.to_owned()))
            }
        }
    }
}

//! The server: reads requests (our own program sends them, so they are well-formed) and sends raw answers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const READY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

pub(crate) struct Platform {
    answers: RefCell<VecDeque<Vec<u8>>>,
}

/// All answers are sent, and somebody asks for more.
struct UsedUp;

impl Platform {
    pub(crate) fn new(answers: Vec<Vec<u8>>) -> Self {
        Self { answers: RefCell::new(answers.into()) }
    }

    /// Answers until a request comes for which there is no answer.
    pub(crate) async fn serve(&self, listener: TcpListener) {
        let mut connections = FuturesUnordered::new();
        loop {
            tokio::select! {
                Ok((stream, _)) = listener.accept() => connections.push(self.converse(stream)),
                Some(ended) = connections.next() => if ended.is_err() { return },
            }
        }
    }

    async fn converse(&self, stream: TcpStream) -> Result<(), UsedUp> {
        let mut stream = BufReader::new(stream);
        while let Ok(Some(path)) = read_request(&mut stream).await {
            let answer = if path.ends_with("/init/ready") {
                READY.to_vec()
            } else {
                self.answers.borrow_mut().pop_front().ok_or(UsedUp)?
            };
            // The client may have had enough of a long answer: that is its right.
            if stream.write_all(&answer).await.is_err() {
                return Ok(());
            }
            if !is_complete(&answer) {
                // Whoever waits for the rest learns that there is none.
                drop(stream.get_mut().shutdown().await);
            }
        }
        Ok(())
    }
}

/// The path of a request that was read to its end; None where the client left.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut path = None;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        path.get_or_insert_with(|| line.split(' ').nth(1).unwrap_or_default().to_owned());
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(path)
}

/// Whether the client can know that this is all: by one announced length and nothing that would count more.
fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let is_final = head.starts_with("http/1.1 ") && !head.starts_with("http/1.1 1");
    let mut lengths = head.lines().filter_map(|line| line.strip_prefix("content-length:"));
    let length = lengths.next().and_then(|length| length.trim().parse().ok());
    is_final
        && lengths.next().is_none()
        && !head.contains("transfer-encoding")
        && length == Some(answer.len() - end - 4)
}

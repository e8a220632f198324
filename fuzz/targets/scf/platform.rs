//! The server's side: reads requests and sends raw answers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use support::http::{Request, Response};
use support::scf::Call;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

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

    async fn converse(&self, mut stream: TcpStream) -> Result<(), UsedUp> {
        let mut received = Vec::new();
        while let Ok(Some(request)) = read(&mut stream, &mut received).await {
            let answer = if Call::of(&request) == Ok(Call::Ready) {
                Response::status(200).bytes(0)
            } else {
                self.answers.borrow_mut().pop_front().ok_or(UsedUp)?
            };
            // The client may have had enough of a long answer: that is its right.
            if stream.write_all(&answer).await.is_err() {
                return Ok(());
            }
            if !is_complete(&answer) {
                // Whoever waits for the rest learns that there is none.
                drop(stream.shutdown().await);
            }
        }
        Ok(())
    }
}

/// The next request, which is our own program's and so well-formed; nothing where the client left.
async fn read(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Option<Request>> {
    loop {
        if let Some(request) = Request::take(received).expect("our own program speaks HTTP") {
            return Ok(Some(request));
        }
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
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

//! How long a client may take for an answer, however little it takes at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A stream whose writes have a time, from the first byte of an answer to the flush after its last.
pub(super) struct TimedAnswers<S> {
    stream: S,
    time: Duration,
    /// When the answer that is being written has to be taken.
    end: Option<Pin<Box<Sleep>>>,
}

impl<S> TimedAnswers<S> {
    pub(super) fn new(stream: S, time: Duration) -> Self {
        Self { stream, time, end: None }
    }

    /// What came of a write; one that has to wait waits no longer than the answer has time.
    fn in_time<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let end = self.end.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + self.time)));
        if end.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client took too long")));
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedAnswers<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedAnswers<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The server flushes when it has written all that there is.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.end = None;
            return flushed;
        }
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// A stream for answers of `time`, whose client takes a hundred bytes after each pause.
    fn timed(time: Duration, pause: Duration) -> TimedAnswers<tokio::io::DuplexStream> {
        let (stream, mut client) = tokio::io::duplex(100);
        tokio::spawn(async move {
            let mut part = [0; 100];
            while client.read_exact(&mut part).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        });
        TimedAnswers::new(stream, time)
    }

    #[tokio::test]
    async fn a_client_that_takes_a_little_now_and_then_has_no_more_time() {
        let mut timed = timed(Duration::from_millis(200), Duration::from_millis(20));
        let error = timed.write_all(&[7; 100_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn each_answer_has_its_own_time() {
        let mut timed = timed(Duration::from_secs(1), Duration::from_millis(50));
        for _ in 0..3 {
            timed.write_all(&[7; 300]).await.unwrap();
            timed.flush().await.unwrap();
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
    }
}

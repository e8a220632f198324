//! Reading a request's body within bounds of size, of time, and of memory for all bodies and their events together.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use contract::ErrorCode;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use worker::channel::EventFile;
use worker::limits::MIB;

use super::problem::Problem;
use crate::trigger::http_event;

/// The bounds for bodies.
#[derive(Debug)]
pub(super) struct BodyReader {
    limit: usize,
    time: Duration,
    /// Memory for all bodies, and for the events that they become, in KiB.
    memory: Arc<Semaphore>,
    memory_kib: usize,
}

/// A body and its share of the memory, which is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Bytes,
    memory: Option<OwnedSemaphorePermit>,
}

impl Received {
    /// A part of a body that has its share of the memory already.
    pub(super) fn of(bytes: Bytes) -> Self {
        Self { bytes, memory: None }
    }
}

/// An event and its share of the memory, which is given back when it is dropped.
#[derive(Debug)]
pub(super) struct HeldEvent {
    pub(super) event: EventFile,
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

/// What is read and thrown away of a body that can't be taken, so that its sender gets to see the answer.
const MAX_DISCARDED_BYTES: usize = 64 * MIB;

/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(5);

impl BodyReader {
    pub(super) fn new(limit: usize, time: Duration, memory_mib: u32) -> Self {
        let memory_kib = memory_mib as usize * 1024;
        Self { limit, time, memory: Arc::new(Semaphore::new(memory_kib)), memory_kib }
    }

    /// Memory that bodies hold at the moment.
    pub(super) fn held_bytes(&self) -> usize {
        (self.memory_kib - self.memory.available_permits()) * 1024
    }

    /// Bytes that a body may have.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Memory for the largest body, which is still to be read from elsewhere.
    ///
    /// # Errors
    /// `overloaded` where the memory is used up.
    pub(super) fn room(&self) -> Result<Received, Problem> {
        let mut memory = None;
        self.hold(&mut memory, self.limit)?;
        Ok(Received { bytes: Bytes::new(), memory })
    }

    /// Reads the body of a request with these `headers`.
    ///
    /// # Errors
    /// `too_large`, `request_timeout`, `overloaded` where the memory is used up, `bad_request` where the body breaks
    /// off or is encoded.
    pub(super) async fn read(&self, headers: &HeaderMap, mut body: Body) -> Result<Received, Problem> {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<usize>().ok());
        check_encoding(headers)?;
        let result = match announced {
            Some(announced) if announced > self.limit => {
                let problem = self.too_large(&format!("{announced} bytes"));
                // Reading would tell a client that asked first to send it.
                if headers.contains_key(header::EXPECT) {
                    return Err(problem);
                }
                Err(problem)
            }
            _ => {
                let late = |_| {
                    let message = format!("the body did not come within {:?}", self.time);
                    Err(Problem::new(ErrorCode::RequestTimeout, message))
                };
                tokio::time::timeout(self.time, self.collect(&mut body)).await.unwrap_or_else(late)
            }
        };
        // A client that is still sending would meet a closed connection and never see the answer.
        if matches!(&result, Err(problem) if is_worth_reading_on(problem.code)) {
            drop(tokio::time::timeout(DISCARD_TIME, discard(&mut body)).await);
        }
        result
    }

    /// Makes an event of a body by `make`: while it is made, both are held; after that only the event.
    ///
    /// # Errors
    /// `overloaded` where the memory is used up, or the system has none.
    pub(super) fn event_of(
        &self,
        Received { bytes: body, mut memory }: Received,
        make: impl FnOnce(&[u8]) -> io::Result<EventFile>,
    ) -> Result<HeldEvent, Problem> {
        self.hold(&mut memory, body.len() + http_event::event_bytes(body.len()))?;
        let event = make(&body).map_err(|error| no_memory(&error))?;
        // What stood in the head is only known now.
        self.hold(&mut memory, body.len() + event.len())?;
        drop(body);
        let needed = event.len().div_ceil(1024);
        let spare = memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits).saturating_sub(needed);
        drop(memory.as_mut().and_then(|memory| memory.split(spare)));
        Ok(HeldEvent { event, memory })
    }

    async fn collect(&self, body: &mut Body) -> Result<Received, Problem> {
        let mut bytes = BytesMut::new();
        let mut memory: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Problem::new(ErrorCode::BadRequest, format!("the body broke off: {error}"))
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > self.limit {
                return Err(self.too_large("more than that"));
            }
            bytes.extend_from_slice(&data);
            self.hold(&mut memory, bytes.len())?;
        }
        Ok(Received { bytes: bytes.freeze(), memory })
    }

    /// Takes what `memory` lacks for a body of `length`.
    fn hold(&self, memory: &mut Option<OwnedSemaphorePermit>, length: usize) -> Result<(), Problem> {
        let held = memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let lacking = u32::try_from(length.div_ceil(1024).saturating_sub(held)).unwrap_or(u32::MAX);
        if lacking == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.memory).try_acquire_many_owned(lacking).map_err(|_| {
            Problem::new(ErrorCode::Overloaded, "too many bodies are being received already; come again")
        })?;
        match memory {
            Some(memory) => memory.merge(more),
            None => *memory = Some(more),
        }
        Ok(())
    }

    fn too_large(&self, found: &str) -> Problem {
        let message = format!("the body has {found}, accepted are up to {} bytes", self.limit);
        Problem::new(ErrorCode::TooLarge, message)
    }
}

fn no_memory(error: &io::Error) -> Problem {
    tracing::error!(%error, "no file in memory for an event");
    Problem::new(ErrorCode::Overloaded, "the system has no memory for this body; come again")
}

/// Bodies come as they are, or in chunks; hyper would hand on what is encoded otherwise as if it were plain.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(()),
        (Some(encoding), None) if encoding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(encoding), _) => Err(Problem::new(
            ErrorCode::BadRequest,
            format!("the transfer encoding is {encoding:?}, accepted is chunked alone"),
        )),
    }
}

fn is_worth_reading_on(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::TooLarge | ErrorCode::Overloaded)
}

async fn discard(body: &mut Body) {
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, Bytes::len);
        if discarded > MAX_DISCARDED_BYTES {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(reader: &BodyReader, body: impl Into<Body>) -> Result<Received, ErrorCode> {
        reader.read(&HeaderMap::new(), body.into()).await.map_err(|problem| problem.code)
    }

    #[tokio::test]
    async fn a_body_of_the_limit_is_taken_and_a_byte_more_is_not() {
        let reader = BodyReader::new(MIB, Duration::from_secs(1), 4);
        assert_eq!(read(&reader, vec![7; MIB]).await.unwrap().bytes.len(), MIB);
        assert_eq!(read(&reader, vec![7; MIB + 1]).await.unwrap_err(), ErrorCode::TooLarge);
    }

    #[tokio::test]
    async fn the_memory_of_a_body_is_free_again_when_the_body_is_dropped() {
        let reader = BodyReader::new(MIB, Duration::from_secs(1), 1);
        let first = read(&reader, vec![7; MIB / 2]).await.unwrap();
        assert_eq!(read(&reader, vec![7; MIB]).await.unwrap_err(), ErrorCode::Overloaded);
        drop(first);
        assert!(read(&reader, vec![7; MIB]).await.is_ok());
    }

    #[tokio::test]
    async fn an_event_is_held_like_the_body_that_it_was() {
        let reader = BodyReader::new(MIB, Duration::from_secs(1), 3);
        let make = |body: &[u8]| http_event::event(&"/".parse().unwrap(), &HeaderMap::new(), body);
        let first = reader.event_of(read(&reader, vec![7; MIB]).await.unwrap(), make).unwrap();
        assert_eq!(reader.held_bytes(), first.event.len().div_ceil(1024) * 1024);
        // A body fits beside it, its event does not.
        let second = read(&reader, vec![7; MIB]).await.unwrap();
        assert_eq!(reader.event_of(second, make).unwrap_err().code, ErrorCode::Overloaded);
        drop(first);
        assert_eq!(reader.held_bytes(), 0);
        let small = reader.event_of(read(&reader, vec![]).await.unwrap(), make).unwrap();
        assert!(reader.held_bytes() >= small.event.len());
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let reader = BodyReader::new(MIB, Duration::from_millis(20), 1);
        let endless = Body::from_stream(futures_util::stream::pending::<Result<Bytes, io::Error>>());
        assert_eq!(read(&reader, endless).await.unwrap_err(), ErrorCode::RequestTimeout);
    }
}

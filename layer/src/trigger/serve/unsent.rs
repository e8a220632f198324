//! Memory of answers that their clients have not taken yet: each client takes its own as slowly as it may, so all of them
//! together have a bound.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::Response;
use contract::ErrorCode;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// Bytes of an answer that needs no share: labels have a few hundred, and the number of connections bounds such answers.
const SMALL: usize = 64 << 10;

/// What may be held for the clients of a function.
#[derive(Debug)]
pub(super) struct Unsent {
    /// In KiB.
    memory: Arc<Semaphore>,
}

/// Bytes with their share of the memory, which is given back when they are sent.
struct Held {
    bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Unsent {
    pub(super) fn new(mib: u32) -> Self {
        Self { memory: Arc::new(Semaphore::new(mib as usize * 1024)) }
    }

    /// A share for so many bytes.
    ///
    /// # Errors
    /// `overloaded` where others have not given back enough.
    pub(super) fn share(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        Arc::clone(&self.memory).try_acquire_many_owned(kib).map_err(|_| {
            Problem::new(ErrorCode::Overloaded, "too many answers wait for their clients already; come again")
        })
    }

    /// The same answer, which gives its share back when its client has taken it.
    ///
    /// # Errors
    /// See [`Unsent::share`].
    pub(super) async fn hold(&self, response: Response) -> Result<Response, Problem> {
        let (head, body) = response.into_parts();
        // It is all there: nothing is waited for, and nothing fails.
        let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        if bytes.len() <= SMALL {
            return Ok(Response::from_parts(head, Body::from(bytes)));
        }
        let share = self.share(bytes.len())?;
        Ok(Response::from_parts(head, Body::from(Bytes::from_owner(Held { bytes, _share: share }))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn hold(unsent: &Unsent, bytes: usize) -> Result<Response, ErrorCode> {
        unsent.hold(Response::new(Body::from(vec![7; bytes]))).await.map_err(|problem| problem.code)
    }

    #[tokio::test]
    async fn an_answer_has_its_share_until_its_last_byte_was_taken() {
        let unsent = Unsent::new(1);
        let first = hold(&unsent, 700 << 10).await.unwrap();
        assert_eq!(hold(&unsent, 400 << 10).await.unwrap_err(), ErrorCode::Overloaded);
        let bytes = first.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(bytes, vec![7; 700 << 10]);
        let rest = bytes.slice(bytes.len() - 1..);
        drop(bytes);
        assert_eq!(hold(&unsent, 400 << 10).await.unwrap_err(), ErrorCode::Overloaded);
        drop(rest);
        assert!(hold(&unsent, 400 << 10).await.is_ok());
    }

    #[tokio::test]
    async fn small_answers_always_have_their_place() {
        let unsent = Unsent::new(1);
        let _all = unsent.share(1 << 20).unwrap();
        assert!(hold(&unsent, SMALL).await.is_ok());
        assert_eq!(hold(&unsent, SMALL + 1).await.unwrap_err(), ErrorCode::Overloaded);
    }
}

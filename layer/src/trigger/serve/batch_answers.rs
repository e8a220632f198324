//! The answers to a batch of events: all of them are held until the last is there, so they have a bound together.

use std::sync::{Mutex, PoisonError};

use contract::ErrorCode;
use tokio::sync::OwnedSemaphorePermit;
use worker::limits::MIB;

use super::function::Function;
use super::problem::Problem;

/// How much there is of them.
pub(super) struct BatchAnswers<'a> {
    function: &'a Function,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    bytes: usize,
    shares: Vec<OwnedSemaphorePermit>,
}

impl<'a> BatchAnswers<'a> {
    pub(super) fn new(function: &'a Function) -> Self {
        Self { function, held: Mutex::default() }
    }

    /// Whether another event need be answered at all.
    ///
    /// # Errors
    /// `too_large` where there were too many bytes before.
    pub(super) fn are_within_limit(&self) -> Result<(), Problem> {
        self.check(self.held().bytes)
    }

    /// Makes room for one more.
    ///
    /// # Errors
    /// `too_large` where all together have more bytes than one answer may have, `overloaded` where other answers wait for
    /// their clients.
    pub(super) fn hold(&self, bytes: usize) -> Result<(), Problem> {
        let mut held = self.held();
        held.bytes = held.bytes.saturating_add(bytes);
        self.check(held.bytes)?;
        held.shares.push(self.function.unsent.share(bytes)?);
        Ok(())
    }

    fn check(&self, bytes: usize) -> Result<(), Problem> {
        let limit = self.function.answer_limit;
        if bytes <= limit {
            return Ok(());
        }
        let limit = limit / MIB;
        let advice = "send fewer events at once, or ask for smaller answers";
        let message = format!("the answers of the batch have more than {limit} MiB; {advice}");
        Err(Problem::new(ErrorCode::TooLarge, message))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

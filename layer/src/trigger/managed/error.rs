//! What keeps the loop from its first event.

use std::time::Duration;

use thiserror::Error;

/// Why the loop could not start; once it runs, it only ends when it is told to.
#[derive(Debug, Error)]
pub enum ManagedError {
    /// The HTTP client can't be made.
    #[error("can't set up the HTTP client for the runtime API: {0}")]
    Client(String),
    /// The platform was not told that events may come.
    #[error("the runtime API at {address} did not take {call} within {waited:?}: {reason}")]
    NotReady {
        /// Host and port.
        address: String,
        /// What was called.
        call: String,
        /// How long it was tried.
        waited: Duration,
        /// The last failure.
        reason: String,
    },
}

//! What comes back from one event.

use std::time::Duration;

use thiserror::Error;

use crate::error::ErrorCode;

/// What a module printed before it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Standard error as text, cut at [`crate::limits::STDERR_BYTES`].
    pub stderr: String,
    /// 0 where the module returned from `_start`, else the code of its `proc_exit`.
    pub exit_code: u32,
    /// Where the time went.
    pub timings: Timings,
    /// The first picture that the module had decoded, as it came; only where [`EngineConfig::keeps_picture`] asks for it.
    ///
    /// [`EngineConfig::keeps_picture`]: super::EngineConfig::keeps_picture
    pub picture: Option<Vec<u8>>,
}

/// Durations of the steps of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Making the instance; done before the event came, so not part of `total`.
    pub instantiate: Duration,
    /// From the event in hand to the answer in hand.
    pub total: Duration,
    /// Decoding and resizing pictures.
    pub image: Duration,
    /// Creating sessions: finding or compiling the model.
    pub session: Duration,
    /// Running models.
    pub inference: Duration,
}

impl Timings {
    /// What the guest's own code took: the total without the host functions.
    pub fn guest(&self) -> Duration {
        self.total.saturating_sub(self.image + self.session + self.inference)
    }
}

/// Why an event has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CallError {
    /// The event is larger than the limit; it was not given to the module.
    #[error("the event has {found} bytes, accepted are up to {limit}")]
    EventTooLarge {
        /// Bytes of the event.
        found: usize,
        /// Bytes that are accepted.
        limit: usize,
    },
    /// The module was stopped at its time limit.
    #[error("the module was stopped after its time limit of {limit:?}")]
    Timeout {
        /// The limit that applied.
        limit: Duration,
    },
    /// The module printed more than the answer limit.
    #[error("the module printed more than the answer limit of {limit} bytes")]
    AnswerTooLarge {
        /// Bytes that an answer may have.
        limit: usize,
    },
    /// The module trapped.
    #[error("the module trapped: {reason} (it used {memory_mib} of {memory_limit_mib} MiB of memory){}", detail(.stderr))]
    Trap {
        /// The engine's word for the trap.
        reason: String,
        /// The module's memory when it trapped.
        memory_mib: u32,
        /// The memory limit.
        memory_limit_mib: u32,
        /// What the module had written to standard error, such as the message of a panic.
        stderr: String,
    },
    /// The module's calls nested so deeply that its stack was used up.
    #[error("the module's stack is used up: its calls nest too deeply{}", detail(.stderr))]
    StackOverflow {
        /// What the module had written to standard error.
        stderr: String,
    },
    /// No instance could be made for the event.
    #[error("no instance of the module could be made: {reason}")]
    Instantiate {
        /// The engine's reason.
        reason: String,
    },
    /// The worker thread is gone; the event was not answered.
    #[error("the worker that had the event is gone")]
    WorkerGone,
}

impl CallError {
    /// The kind of failure, for the caller.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::EventTooLarge { .. } => ErrorCode::TooLarge,
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::AnswerTooLarge { .. }
            | Self::Trap { .. }
            | Self::StackOverflow { .. }
            | Self::Instantiate { .. }
            | Self::WorkerGone => ErrorCode::Internal,
        }
    }
}

fn detail(stderr: &str) -> String {
    match stderr.trim() {
        "" => String::new(),
        text => format!("; it said: {}", text.replace('\n', " | ")),
    }
}

//! The answer to one event.

use std::fmt;
use std::io;
use std::time::Duration;

use contract::Outcome;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::oneshot;

use contract::ErrorCode;

use crate::limits::MIN_TIME;
use crate::printable::in_one_line;

/// What a module printed before it ended.
#[derive(Debug, Default)]
pub struct Answer {
    /// Standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Standard error as text, cut at [`crate::limits::STDERR_BYTES`].
    pub stderr: String,
    /// 0 where the module returned from `_start`, else the code of its `proc_exit`.
    pub exit_code: u32,
    /// Where the time went.
    pub timings: Timings,
    /// A small copy of the first picture that the module had decoded, a little later; only where
    /// [`EngineConfig::makes_thumbnail`] asks for it.
    ///
    /// [`EngineConfig::makes_thumbnail`]: crate::EngineConfig::makes_thumbnail
    pub thumbnail: Option<oneshot::Receiver<Result<Thumbnail, String>>>,
}

impl Answer {
    /// What it means for the event that the module ended so.
    pub fn outcome(&self) -> Outcome<'_> {
        contract::outcome(self.exit_code, &self.stdout, &self.stderr)
    }
}

/// A small copy of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The small picture, as JPEG.
    pub jpeg: Vec<u8>,
    /// The sha256 of the picture as it came, in hexadecimal digits.
    pub sha256: String,
}

/// Durations of the steps of one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The same, none of them longer than `most`.
    pub fn at_most(self, most: Duration) -> Self {
        Self {
            instantiate: self.instantiate.min(most),
            total: self.total.min(most),
            image: self.image.min(most),
            session: self.session.min(most),
            inference: self.inference.min(most),
        }
    }

    /// What the guest's own code took: the total without the host functions.
    pub fn guest(&self) -> Duration {
        let host = self.image.saturating_add(self.session).saturating_add(self.inference);
        self.total.saturating_sub(host)
    }
}

/// Why an event has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError {
    /// The event is larger than the limit; it was not given to the module.
    #[error("the event has {found} bytes, accepted are up to {limit}")]
    EventTooLarge {
        /// Bytes of the event.
        found: usize,
        /// Bytes that are accepted.
        limit: usize,
    },
    /// The system has no memory to keep the event in.
    #[error("there is no memory for the event: {reason}")]
    NoMemoryForEvent {
        /// The system's words.
        reason: String,
    },
    /// The module was stopped at its time limit, or not started since too little of it was left.
    #[error("{}", timeout(.limit))]
    Timeout {
        /// The limit that applied, or what was left of it for the module.
        limit: Duration,
    },
    /// The module printed more than the answer limit.
    #[error("{}", answer_too_large(*.found, *.limit))]
    AnswerTooLarge {
        /// Bytes that the module printed at least; it may have given up before the end.
        found: usize,
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
    /// The worker process that had the event ended without an answer.
    #[error("the worker that had the event ended ({end}{}, at most {peak_mib} of {limit_mib} MiB of memory in use)", while_it(.step))]
    WorkerDied {
        /// How it ended.
        end: WorkerEnd,
        /// What it was doing.
        step: Step,
        /// The most memory that it had.
        peak_mib: u64,
        /// What it may have.
        limit_mib: u32,
    },
    /// The event would have taken more memory than a worker may have.
    #[error("the event takes more than the {limit_mib} MiB of memory that a worker may have{}", while_it(.step))]
    OutOfMemory {
        /// What the worker was doing.
        step: Step,
        /// What it may have.
        limit_mib: u32,
    },
    /// There is no worker, and none can be started.
    #[error("no worker can be started: {reason}")]
    NoWorker {
        /// Why not.
        reason: String,
    },
}

/// What a worker is doing with an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Step {
    /// It waits for the next event.
    #[default]
    Idle = 0,
    /// It makes an instance of the module.
    Instantiate = 1,
    /// The module runs.
    Guest = 2,
    /// It decodes a picture.
    Image = 3,
    /// It makes a model ready.
    Session = 4,
    /// It runs a model.
    Inference = 5,
    /// It makes a small picture, after its answer.
    Thumbnail = 6,
}

impl Step {
    /// The step with this number; idle for a number that is none.
    pub fn from_number(number: u8) -> Self {
        [Self::Instantiate, Self::Guest, Self::Image, Self::Session, Self::Inference, Self::Thumbnail]
            .into_iter()
            .find(|step| *step as u8 == number)
            .unwrap_or_default()
    }
}

fn while_it(step: &Step) -> &'static str {
    match step {
        Step::Idle | Step::Guest => "",
        Step::Instantiate => " while it made an instance of the module",
        Step::Image => " while it decoded the picture",
        Step::Session => " while it made the model ready",
        Step::Inference => " while it ran the model",
        Step::Thumbnail => " while it made the small picture",
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkerEnd {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

impl fmt::Display for WorkerEnd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(out, "exit code {code}"),
            Self::Signalled(signal) => match signal_name(*signal) {
                Some(name) => out.write_str(name),
                None => write!(out, "signal {signal}"),
            },
        }
    }
}

/// The names of the signals that end workers.
fn signal_name(signal: i32) -> Option<&'static str> {
    let names = [
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGSYS, "SIGSYS"),
        (libc::SIGXCPU, "SIGXCPU"),
    ];
    names.into_iter().find(|(number, _)| *number == signal).map(|(_, name)| name)
}

/// Whether a signal tells of a fault of the process itself; others were sent by somebody.
fn is_own_fault(end: WorkerEnd) -> bool {
    let faults = [libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGSEGV];
    matches!(end, WorkerEnd::Signalled(signal) if faults.contains(&signal))
}

impl CallError {
    /// The system gave no memory for the event, and why.
    pub fn no_memory(error: &io::Error) -> Self {
        Self::NoMemoryForEvent { reason: error.to_string() }
    }

    /// The same, with the texts that come from a worker in one line.
    pub fn in_one_line(self) -> Self {
        match self {
            Self::Trap { reason, memory_mib, memory_limit_mib, stderr } => {
                Self::Trap { reason: in_one_line(&reason), memory_mib, memory_limit_mib, stderr }
            }
            Self::Instantiate { reason } => Self::Instantiate { reason: in_one_line(&reason) },
            Self::NoWorker { reason } => Self::NoWorker { reason: in_one_line(&reason) },
            Self::NoMemoryForEvent { reason } => Self::NoMemoryForEvent { reason: in_one_line(&reason) },
            other => other,
        }
    }

    /// The kind of failure, for the caller.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::EventTooLarge { .. }
            | Self::AnswerTooLarge { .. }
            | Self::OutOfMemory { step: Step::Image, .. } => ErrorCode::TooLarge,
            // A decoder that a picture breaks is the picture's fault, too.
            Self::WorkerDied { end, step: Step::Image, .. } if is_own_fault(*end) => {
                ErrorCode::UndecodableImage
            }
            Self::Timeout { .. } => ErrorCode::Timeout,
            Self::Trap { .. }
            | Self::StackOverflow { .. }
            | Self::Instantiate { .. }
            | Self::OutOfMemory { .. }
            | Self::WorkerDied { .. }
            | Self::NoMemoryForEvent { .. }
            | Self::NoWorker { .. } => ErrorCode::Internal,
        }
    }
}

/// What is told of an answer of `found` bytes, with what to do about it.
fn answer_too_large(found: usize, limit: usize) -> String {
    format!(
        "the answer has {found} bytes or more, the limit is {limit} (--answer-limit); a smaller picture fits, for example by \
         size=1024 or format=jpeg, if the function has these options"
    )
}

fn timeout(limit: &Duration) -> String {
    if *limit < MIN_TIME {
        "the event's time limit was over before the module could be started".to_owned()
    } else {
        format!("the module was stopped after its time limit of {:?}", rounded(limit))
    }
}

/// To hundredths of a second: what was left of a limit is told as the limit.
fn rounded(limit: &Duration) -> Duration {
    let hundredths = u64::try_from(limit.as_nanos().div_ceil(10_000_000)).unwrap_or(u64::MAX);
    Duration::from_millis(hundredths.saturating_mul(10))
}

fn detail(stderr: &str) -> String {
    match stderr.trim() {
        "" => String::new(),
        text => format!("; it said: {}", in_one_line(&text.replace('\n', " | "))),
    }
}

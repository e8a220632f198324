//! The messages between the front, the nursery and the workers.

use std::path::PathBuf;
use std::time::Duration;

use contract::about::About;
use engine::answer::{CallError, Timings, WorkerEnd};
use engine::{EngineConfig, LoadError, Processor};
use serde::{Deserialize, Serialize};

use crate::sandbox::SandboxMode;

/// What the front asks of the nursery.
#[derive(Debug, Serialize, Deserialize)]
pub enum Asked {
    /// Start another nursery, whose channel is the descriptor. Before any other request.
    Another,
    /// Be confined, before a module is touched.
    Confine {
        /// How far.
        mode: SandboxMode,
        /// Folders that modules may use.
        folders: Vec<PathBuf>,
        /// The folder of TensorFlow's C library, where it is to be opened before.
        tensorflow: Option<PathBuf>,
        /// A folder for what the compiler writes, where a module is to be compiled.
        scratch: Option<PathBuf>,
        /// The folder of the workers' control groups, which the nursery removes when the front is gone.
        groups: Option<PathBuf>,
        /// The most detailed level of what is logged, as tracing names it.
        log_level: String,
    },
    /// Start a process that compiles the module in the first descriptor into the second one.
    Compile {
        /// The processors that the code is for.
        processor: Processor,
        /// A folder for what the compiler writes.
        scratch: PathBuf,
        /// Memory that it may take, in MiB.
        memory_mib: u32,
    },
    /// Load the module in the first descriptor; behind it are the models that have names, in their order.
    Load {
        /// What messages call it.
        name: String,
        /// How it runs.
        config: Box<EngineConfig>,
        /// Whether somebody vouches for it.
        is_known: bool,
    },
    /// Start a worker: its socket and its file for answers are the descriptors.
    Start,
    /// Kill the process with this number if it lives, and tell how it ended.
    End {
        /// A process that was started.
        process: i32,
    },
}

/// What the nursery answers, a reply to each request.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// It is confined, but for these mechanisms.
    Confined {
        /// What this kernel can't do.
        missing: Vec<Mechanism>,
    },
    /// The module is loaded.
    Loaded {
        /// What it says of itself.
        about: About,
    },
    /// It has no native code that may run: it is to be compiled and then loaded.
    NeedsCompiling {
        /// Whether it carries native code that nobody vouches for.
        carries_code: bool,
    },
    /// It is not.
    NotLoaded(LoadError),
    /// A process was started.
    Started {
        /// Its number.
        process: i32,
    },
    /// It was not.
    NotStarted {
        /// The system's reason.
        reason: String,
    },
    /// A line for the log; the reply is still to come.
    Log(LogLine),
    /// A process is gone.
    Ended {
        /// How it ended.
        end: WorkerEnd,
        /// The most memory that it had at once.
        peak_bytes: u64,
    },
}

/// A way of confining a process that could not be had.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mechanism {
    /// `landlock` or `seccomp`.
    pub name: String,
    /// What is missing.
    pub reason: String,
}

/// What the front sends a worker: the event is in the descriptor beside it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// A number by chance: who answers must have read the request.
    pub number: u64,
    /// Bytes of the event.
    pub length: u64,
    /// How long it may take.
    pub time: Duration,
}

/// What a worker tells the front.
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    /// Its first instance is ready.
    Ready,
    /// The first instance could not be made; the worker ends.
    NotReady(LoadError),
    /// The event has an answer.
    Answered(Printed),
    /// The event has none.
    Failed {
        /// The request's number.
        number: u64,
        /// Why.
        error: CallError,
        /// Whether the worker should be replaced.
        retires: bool,
    },
    /// A small picture is in the file for answers: so many bytes, after which comes the picture's sha256.
    Thumbnail {
        /// Bytes of the small picture.
        length: u64,
        /// The sha256 of the picture as it came.
        sha256: String,
    },
    /// No small picture could be made.
    NoThumbnail {
        /// Why not.
        reason: String,
    },
    /// A line for the log.
    Log(LogLine),
}

/// What a module printed lies in the file for answers: standard output, then standard error.
#[derive(Debug, Serialize, Deserialize)]
pub struct Printed {
    /// The request's number.
    pub number: u64,
    /// Bytes of standard output.
    pub stdout: u64,
    /// Bytes of standard error.
    pub stderr: u64,
    /// The module's exit code.
    pub exit_code: u32,
    /// Where the time went.
    pub timings: Timings,
    /// Whether a small picture is going to be told.
    pub has_thumbnail: bool,
    /// Whether the worker should be replaced.
    pub retires: bool,
}

/// A line for the log.
#[derive(Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// What happened.
    pub text: String,
}

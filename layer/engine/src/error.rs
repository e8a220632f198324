//! Why a module can't be run at all.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::answer::WorkerEnd;
use crate::inference::TensorFlowError;

/// Why a module can't be run at all; found before the first event.
#[derive(Clone, Debug, Error, Serialize, Deserialize)]
pub enum LoadError {
    /// The file can't be read.
    #[error("can't read the module {module}: {reason}")]
    Unreadable {
        /// Its file.
        module: String,
        /// The system's reason.
        reason: String,
    },
    /// TensorFlow was asked for, and can't be had.
    #[error(transparent)]
    TensorFlow(#[from] TensorFlowError),
    /// The file is something else than a wasm module.
    #[error("{module} is no wasm module: {reason}")]
    NotWasm {
        /// Its file.
        module: String,
        /// What was found.
        reason: String,
    },
    /// The module has no entry point.
    #[error(
        "{module} exports no function `_start`: it is a library, not a program (build a binary for wasm32-wasip1)"
    )]
    NoStart {
        /// Its file.
        module: String,
    },
    /// The module needs something that this runtime doesn't have.
    #[error("{module} imports {imports}, which this runtime doesn't offer (it offers {offered})")]
    UnknownImport {
        /// Its file.
        module: String,
        /// The unknown imports, `module.name`.
        imports: String,
        /// The import modules that are offered.
        offered: String,
    },
    /// The module's memory is larger than the limit from the start.
    #[error("{module} starts with {found} MiB of memory, the limit is {limit} MiB (--memory-limit)")]
    MemoryTooLarge {
        /// Its file.
        module: String,
        /// What the module declares.
        found: u64,
        /// The limit.
        limit: u32,
    },
    /// WasmEdge refused the module.
    #[error("WasmEdge can't run {module}: {reason}")]
    Refused {
        /// Its file.
        module: String,
        /// WasmEdge's reason.
        reason: String,
    },
    /// The module needs a part of WebAssembly that modules may not use here.
    #[error(
        "{module} uses {feature}, which this runtime does not run (accepted is WebAssembly 2.0: what Rust and C \
         compile to for wasm32-wasip1)"
    )]
    Feature {
        /// Its file.
        module: String,
        /// The feature's name.
        feature: String,
    },
    /// The module could not be compiled.
    #[error("can't compile {module}: {reason}")]
    Compile {
        /// Its file.
        module: String,
        /// The compiler's reason.
        reason: String,
    },
    /// There is no compiler in this package.
    #[error("{module} has no native code that may run, and {reason}")]
    NoCompiler {
        /// Its file.
        module: String,
        /// What is missing.
        reason: String,
    },
    /// The process that loads modules ended.
    #[error("{module} could not be loaded: the process that loads it ended ({end})")]
    LoaderDied {
        /// Its file.
        module: String,
        /// How it ended.
        end: WorkerEnd,
    },
    /// Loading or compiling takes too long.
    #[error("{module} could not be {what} within {limit:?}")]
    TooSlow {
        /// Its file.
        module: String,
        /// What was to be done with it.
        what: LoadStep,
        /// The limit.
        limit: Duration,
    },
    /// The processes that run modules can't be used.
    #[error("no worker can be started: {0}")]
    Worker(String),
    /// A worker could not make its first instance.
    #[error("no instance of the module could be made: {reason}")]
    Instantiate {
        /// The engine's reason.
        reason: String,
    },
}

/// What is done with a module before its first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadStep {
    /// Native code is made of it.
    Compile,
    /// It is read and checked.
    Load,
    /// Its first instance is made.
    Start,
}

impl fmt::Display for LoadStep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Compile => "compiled",
            Self::Load => "loaded",
            Self::Start => "started",
        })
    }
}

//! The half that runs what strangers send, in separate processes that may die.
//!
//! ```text
//! front ──▶ nursery   forked first of all; confined; loads the module; starts and ends workers
//!              └▶ worker   one event at a time: instance, pictures, models; no files, no network, nothing to lose
//! ```
//!
//! The front uses what is public here, and what [`engine`] says of events, limits and modules; nothing that decodes, runs or
//! infers.
//!
//! A worker is a copy of the nursery (fork), which has the module loaded, so that it is ready within milliseconds.

// `println!` and `eprintln!` panic where nobody reads.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod board;
pub mod channel;
pub mod closed_output;
pub mod control_groups;
mod event_loop;
mod heap;
mod log;
mod memory;
mod nursery;
mod process;
pub mod sandbox;

pub use nursery::{Nursery, fork, serve_on_standard_input, start};
pub use process::{end, outlive_full_files};

pub use engine::answer;
pub use engine::inference::ModelPolicy;
pub use engine::limits;
pub use engine::native_stack::STACK_BYTES;
pub use engine::printable;
pub use engine::progress::Told;
pub use engine::{
    CodeSource, DirGrant, EngineConfig, HostFunctions, LoadError, LoadStep, NnEncoding, NnModel, Processor,
    Sha256Sum, cores, has_baseline,
};

//! The half that runs what strangers send, in separate processes that may die.
//!
//! ```text
//! front ──▶ nursery   forked first of all; confined; loads the module; starts and ends workers
//!              └▶ worker   one event at a time: instance, pictures, models; no files, no network, nothing to lose
//! ```
//!
//! A worker is a copy of the nursery (fork), which has the module loaded, so that it is ready within milliseconds.

mod board;
mod event_loop;
mod log;
mod memory;
mod nursery;
mod process;

pub use nursery::{Nursery, fork, serve_on_standard_input, start};
pub(crate) use process::{end, outlive_full_files};

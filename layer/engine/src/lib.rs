//! Runs a module: loaded once, a fresh instance for every event, within limits. One thread, one event at a time.
//!
//! [`answer_events`] makes an instance, waits for an event, runs it with the event as its standard input, and drops it.
//! Dependencies point only downwards:
//!
//! ```text
//! module     checked, compiled, loaded once; `features` says what it may use
//! instance   one for each event, on one thread, within limits
//! host       the functions that the guest imports
//! image      JPEG and PNG to pixels        inference  TensorFlow Lite models through LiteRT
//! answer     what becomes of an event      limits     every bound on what comes from outside
//! ```
//!
//! What strangers send is read here, so only workers may use this crate: the front's crate does not depend on it.

// `println!` and `eprintln!` panic where nobody reads.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod answer;
mod capture;
mod compile;
mod config;
mod error;
mod event;
mod events;
mod faults;
mod features;
pub mod host;
pub mod image;
mod in_process;
pub mod inference;
mod instance;
mod interposed;
pub mod limits;
pub mod memory_file;
mod module;
mod module_data;
#[cfg(test)]
mod native_code_tests;
pub mod native_stack;
mod nn_model;
mod outline;
pub mod printable;
mod processor;
pub mod progress;
mod sealed_file;
mod sha256_sum;
#[cfg(test)]
mod tests;

pub use compile::compile;
pub use config::{CodeSource, DirGrant, EngineConfig, HostFunctions, cores};
pub use error::{LoadError, LoadStep};
pub use event::Event;
pub use events::{Events, answer_events};
pub use in_process::Engine;
pub use module::LoadedModule;
pub use nn_model::{NnEncoding, NnModel};
pub use outline::Outline;
pub use processor::{Processor, has_baseline};
pub use sha256_sum::{Sha256Sum, SumError};

pub use crate::answer::{Answer, CallError, Timings};

/// WasmEdge logs nothing by itself from now on: what it says comes back as errors.
pub fn log_nothing() {
    wasmedge_sdk::LogManager::log_off();
}

/// Opens TensorFlow's C library in this folder, for graphs that are not converted: for this process and all workers that are copies
/// of it. It is code, so it comes before the process is confined.
///
/// # Errors
/// What is missing, or the loader's reason.
pub fn open_tensorflow(folder: &std::path::Path) -> Result<(), LoadError> {
    Ok(inference::open_tensorflow(folder)?)
}

/// Starts the libraries that run models, for all workers that are copies of this process: it takes some milliseconds.
pub fn start_libraries() {
    inference::LiteRt::start_ahead();
}

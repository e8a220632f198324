//! Runs a module: loaded once, a fresh instance for every event, within limits. One thread, one event at a time.
//!
//! [`answer_events`] makes an instance, waits for an event, runs it with the event as its standard input, and drops it.

mod capture;
mod compile;
mod config;
mod error;
mod events;
mod features;
mod in_process;
mod instance;
mod module;
mod module_data;
mod outline;
#[cfg(test)]
mod tests;

pub use compile::Processor;
pub use config::{CodeSource, DirGrant, EngineConfig, cores};
pub use error::{LoadError, LoadStep};
pub use events::{Event, Events, answer_events};
pub use in_process::Engine;
pub use module::LoadedModule;
pub use outline::Outline;

pub(crate) use compile::compile;

pub use crate::answer::{Answer, CallError, Timings};

//! The native runtime of wasm-vision.
//!
//! It runs wasm modules built on `wasmedge_tensorflow_interface`, one fresh instance for every event, and knows
//! nothing of labels. Two halves, processes of their own; dependencies point only downwards:
//!
//! ```text
//! cli        what was typed → configuration → one of the triggers or tools
//!
//! front: talks, decodes nothing, runs nothing          worker's side: runs what strangers send, may die
//! trigger    get an event, give the answer back        worker     nursery, workers, what they give up
//! history    keeps what was recognised (`serve`)       engine     a module loaded once, an instance per event
//! pool       who gets an event; clock, kill, replace   host       the functions that the guest imports
//! modules    known modules, cache of compiled ones     image      JPEG and PNG to pixels
//!                                                      inference  TensorFlow Lite models through LiteRT
//!
//! channel    messages and files in memory between the two       sandbox    what a process gives up
//! answer     what becomes of an event                           limits     every bound on what comes from outside
//! control_groups   all memory of a worker, counted by the kernel
//! ```

// `println!` and `eprintln!` panic where nobody reads: see `console`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod answer;
pub mod channel;
pub mod cli;
mod closed_output;
mod console;
mod control_groups;
pub mod engine;
pub mod error;
mod faults;
pub mod history;
pub mod host;
pub mod image;
pub mod inference;
mod interposed;
pub mod limits;
pub mod modules;
mod native_stack;
pub mod pool;
mod printable;
mod progress;
pub mod sandbox;
mod sealed_file;
pub mod trigger;
pub mod worker;

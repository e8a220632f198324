//! The native runtime of wasm-vision.
//!
//! It runs wasm modules built on `wasmedge_tensorflow_interface`, one fresh instance for every event, and knows
//! nothing of labels. This crate is the front: it talks, decodes nothing and runs nothing. Dependencies point only downwards:
//!
//! ```text
//! cli        what was typed → configuration → one of the triggers or tools
//! trigger    get an event, give the answer back
//! history    keeps what was recognised (`serve`)
//! pool       who gets an event; clock, kill, replace
//! modules    known modules, cache of compiled ones
//!
//! system_limits   what the system lets the process have, looked at first
//! secrets         passwords in settings, not shown in messages
//!
//! worker     a crate of its own: the processes that run what strangers send
//! engine     and what runs in them; this crate can't use it
//! ```

// `println!` and `eprintln!` panic where nobody reads: see `console`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod cli;
mod console;
pub mod history;
pub mod modules;
pub mod pool;
mod secrets;
mod system_limits;
pub mod trigger;

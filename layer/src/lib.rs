//! The native runtime of wasm-vision.
//!
//! It runs wasm modules built on `wasmedge_tensorflow_interface`, one fresh instance for every event, and knows
//! nothing of labels. The modules in the order in which data meets them; dependencies point only downwards:
//!
//! ```text
//! cli        what was typed → configuration → one of the triggers or tools
//! trigger    get an event, hand it to the engine, give the answer back
//! engine     a module loaded once, an instance per event, within limits
//! history    what was recognised, kept in a database (only `serve`)
//! sandbox    the process gives up what it no longer needs
//! host       the functions that the guest imports: guest memory ⇄ safe slices, errors ⇄ the ABI's numbers
//! image      JPEG and PNG to pixels            inference   TensorFlow Lite models through LiteRT
//! ```

pub mod answer;
pub mod channel;
pub mod cli;
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
mod progress;
pub mod sandbox;
mod sealed_file;
pub mod trigger;
pub mod worker;

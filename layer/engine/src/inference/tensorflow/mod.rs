//! TensorFlow itself, for the graphs that are not converted: its C library, where the user has it.
//!
//! The library is no part of the runtime. It is opened by its path ([`library::open`]) before the process is confined, since
//! it is code, and called nowhere but here. All handles stay on the thread that made them.

mod functions;
mod graph;
mod library;
mod names;
mod status;
mod tensor;

pub(super) use graph::TensorFlowGraph;
pub(super) use library::loaded;
pub use library::{TensorFlowError, open};

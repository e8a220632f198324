//! Turns frozen TensorFlow graphs into TensorFlow Lite models, in memory.
//!
//! A frozen graph is a `GraphDef` whose variables are constants. [`Graph::read`] finds its operations, [`convert`] takes those
//! that the wanted outputs need, with the shapes of the inputs that are given, and writes a model that LiteRT can run:
//! - what only depends on constants and shapes is computed once (`fold`);
//! - every other operation becomes one or a few of TensorFlow Lite's (`lower`);
//! - batch norms, biases and activations end in the convolution before them, and so do dilation and padding
//!   (`model`).
//!
//! Nobody vouches for a graph: all that is read is bounded (`limits`), weights are not copied until the model is
//! written, and cycles are refused. A graph with control flow, or with an operation that has no counterpart, is not
//! converted; the error names the operation ([`GraphError::Unsupported`]).

#![deny(clippy::indexing_slicing)]
#![forbid(unsafe_code)]

mod attributes;
mod constant;
mod convert;
mod element_type;
mod error;
mod fold;
mod graph_def;
mod limits;
mod lower;
mod model;
mod needed;
mod shape;
#[cfg(test)]
mod tests;
mod value;
mod wire;

pub use convert::{Conversion, Feed, Fetched, Place, convert};
pub use element_type::ElementType;
pub use error::GraphError;
pub use graph_def::{Endpoint, Graph, Placeholder};

//! Puts a model into a function, without a compiler of Rust: `vision function`.
//!
//! ```text
//! source      a file that somebody brings → model, labels, and what else it says: .tflite, a zip of an export, a model.toml
//!   archive   files in a zip               manifest   model.toml
//! tflite      tensors and operators of a model             metadata   labels and normalisation in it
//! labels      a file of labels → a list    describe   all that → what the function must know, and where that came from
//! fixed       a model whose batch or size is open gets a fixed one
//! graft       a function and a block → the function with the block in it
//! about       what a function says of itself
//! ```
//!
//! All of it is safe code on files that a person chose; nothing is run, and every length is checked.

#![deny(clippy::indexing_slicing)]

mod about;
mod archive;
mod describe;
mod error;
mod fixed;
mod graft;
mod labels;
mod manifest;
mod metadata;
mod small_file;
mod source;
#[cfg(test)]
mod tests;
mod tflite;

pub use about::{read_about, with_about};
pub use describe::{Finding, Options, Packing, pack};
pub use error::PackError;
pub use graft::{GraftError, Grafted, NativeCode, graft};
pub use labels::{read as read_labels, read_file as read_label_file};
pub use source::Source;

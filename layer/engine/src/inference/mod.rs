//! Models, run by libraries for their formats: TensorFlow Lite by LiteRT.
//!
//! What host functions ask of a library is a [`Backend`]. A [`ModelCache`] belongs to one worker thread. It hands out the
//! [`Model`] for some bytes, found by content; its sessions share it and nothing else: each has its own tensors.
//! TensorFlow graphs have other sessions, which are fed and asked at any of their operations: [`Graph`], [`GraphSession`].
//!
//! LiteRT is C++ and trusts its models. What reaches it was verified (`verify`) and is known ([`ModelPolicy`]).

mod backend;
mod cache;
mod error;
mod frozen;
mod graph;
mod litert;
#[cfg(test)]
mod mutants;
mod policy;
mod saved_model;
mod tensor;
mod tensorflow;
#[cfg(test)]
mod tests;
mod verify;

pub use backend::{Backend, Content, Model, Session};
pub use cache::ModelCache;
pub use error::InferenceError;
pub use frozen::Graphs;
pub use graph::{Graph, GraphBackend, GraphSession, Placeholder, Port};
pub use litert::LiteRt;
pub use policy::ModelPolicy;
pub use saved_model::GraphCache;
pub use tensor::{ElementType, Tensor, TensorType, byte_size};
pub use tensorflow::{TensorFlowError, open as open_tensorflow};

pub use crate::sealed_file::SealedPart;

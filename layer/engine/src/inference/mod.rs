//! Models, run by libraries for their formats: TensorFlow Lite by LiteRT.
//!
//! What host functions ask of a library is a [`Backend`]. A [`ModelCache`] belongs to one worker thread. It hands out the
//! [`Model`] for some bytes, found by content; its sessions share it and nothing else: each has its own tensors.
//!
//! LiteRT is C++ and trusts its models. What reaches it was verified (`verify`) and is known ([`ModelPolicy`]).

mod backend;
mod cache;
mod error;
mod litert;
#[cfg(test)]
mod mutants;
mod policy;
#[cfg(test)]
mod tests;
mod verify;

pub use backend::{Backend, Model, Session};
pub use cache::ModelCache;
pub use error::InferenceError;
pub use litert::LiteRt;
pub use policy::ModelPolicy;

pub use crate::sealed_file::SealedPart;

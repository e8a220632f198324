//! TensorFlow Lite models through LiteRT.
//!
//! A [`ModelCache`] belongs to one worker thread. It hands out a [`Session`] for a model's bytes; sessions over the
//! same bytes share one compiled model, found by content, and nothing else: each has its own tensors.
//!
//! LiteRT is C++ and trusts its models. What reaches it was verified (`verify`) and is known ([`ModelPolicy`]).

mod cache;
mod error;
mod litert;
#[cfg(test)]
mod mutants;
mod policy;
mod session;
#[cfg(test)]
mod tests;
mod verify;

pub use cache::ModelCache;
pub use error::InferenceError;
pub use policy::{DigestError, ModelDigest, ModelPolicy};
pub use session::Session;

pub use crate::sealed_file::SealedPart;

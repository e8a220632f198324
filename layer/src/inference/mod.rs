//! TensorFlow Lite models through LiteRT.
//!
//! A [`ModelCache`] belongs to one worker thread. It hands out a [`Session`] for a model's bytes; sessions over the
//! same bytes share one compiled model, found by content, and nothing else: each has its own tensors.

mod cache;
mod error;
mod litert;
mod session;
#[cfg(test)]
mod tests;

pub use cache::ModelCache;
pub use error::InferenceError;
pub use session::Session;

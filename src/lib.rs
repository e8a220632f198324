//! The pure parts of the function `recognize`: from the bytes of an event to the text of its answer.
//!
//! ```text
//! event      JSON → bare or HTTP event              negotiation   headers and query → form and language
//! body       base64, data URL, JSON → picture       picture       format and size by the first bytes
//! predictions  output tensor → likeliest classes    answer        text, JSON or error → what is printed
//! ```
//!
//! [`answer()`] joins them around a [`Classifier`]; only `main.rs` knows the host's one.

mod answer;
mod base64;
mod body;
mod error;
mod event;
mod model;
mod negotiation;
mod picture;
mod predictions;

pub use answer::{Reply, answer, internal_error};
pub use error::FunctionError;
pub use event::{Event, EventKind};
pub use model::{MODEL, Model};
pub use picture::Format;
pub use predictions::{Prediction, Quantization};

/// Bytes that an event may have: a picture of 8 MiB in base64. Platforms and runtimes have lower limits of their own;
/// Tencent SCF sends 6 MB at most.
pub const MAX_EVENT_BYTES: usize = 12 << 20;

/// Turns an encoded picture into the model's output.
pub trait Classifier {
    /// The values of the output tensor for the picture in `encoded`, and how they become probabilities.
    ///
    /// # Errors
    /// [`FunctionError::Undecodable`] where the picture can't be decoded, [`FunctionError::Internal`] where the host
    /// fails.
    fn classify(&mut self, encoded: &[u8], format: Format) -> Result<(Vec<u8>, Quantization), FunctionError>;
}

//! The function `recognize` without its host: from the picture of an event to its labels. What functions share is in the
//! kit.
//!
//! ```text
//! model      the model that is compiled in   predictions   output tensor → likeliest classes
//! answer     picture → labels, as text or JSON
//! ```
//!
//! [`answer()`] joins them with a [`Classifier`]; only `main.rs` uses the one of the host.

mod answer;
mod model;
mod predictions;

pub use answer::answer;
pub use model::{MODEL, Model};
pub use predictions::{Prediction, Quantization};

use kit::{FunctionError, Picture};

/// Turns an encoded picture into the model's output.
pub trait Classifier {
    /// What the model says of the picture.
    ///
    /// # Errors
    /// `undecodable_image` or `too_large` where the picture can't be decoded, `internal` where the host fails.
    fn classify(&mut self, picture: &Picture<'_>) -> Result<Classification, FunctionError>;
}

/// The model's output for a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// The values of the output tensor.
    pub values: Vec<u8>,
    /// How they become probabilities.
    pub quantization: Quantization,
    /// What the host has to say of the picture.
    pub notice: Option<String>,
}

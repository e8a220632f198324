//! The function `recognize` without its host: from the picture of an event to its labels. What functions share is in the
//! kit.
//!
//! ```text
//! model      the model that was put in       input         pixels → input tensor
//! answer     picture → labels, as text or JSON     predictions   output tensor → likeliest classes
//! classifier    what turns a picture into the output tensor
//! ```
//!
//! [`answer()`] joins them; only `main.rs` uses the one of the host.

mod answer;
mod classifier;
pub mod input;
mod model;
mod predictions;

pub use answer::answer;
pub use classifier::{Classification, Classifier};
pub use model::Model;
pub use predictions::Prediction;

//! The function `recognize` without its host: from the picture of an event to its labels. What functions share is in the
//! kit.
//!
//! ```text
//! model      the model that is compiled in   predictions   output tensor → likeliest classes
//! answer     picture → labels, as text or JSON     classifier    what turns a picture into the output tensor
//! ```
//!
//! [`answer()`] joins them; only `main.rs` uses the one of the host.

mod answer;
mod classifier;
mod model;
mod predictions;

pub use answer::answer;
pub use classifier::{Classification, Classifier};
pub use model::{MODEL, Model};
pub use predictions::{Prediction, Quantization};

//! What recognises pictures: the host, or a stand-in of a test.

use kit::{FunctionError, Picture};

use crate::model::Model;

/// Turns an encoded picture into the model's output.
pub trait Classifier {
    /// What the model says of the picture.
    ///
    /// # Errors
    /// `undecodable_image` or `too_large` where the picture can't be decoded, `internal` where the host fails.
    fn classify(&mut self, picture: &Picture<'_>, model: &Model<'_>)
    -> Result<Classification, FunctionError>;
}

/// The model's output for a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// The bytes of the output tensor.
    pub output: Vec<u8>,
    /// What the host has to say of the picture.
    pub notice: Option<String>,
}

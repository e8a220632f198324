//! What host functions ask of whatever runs models: one library implements this for each format of models.

use std::fmt::Debug;
use std::rc::Rc;

use super::error::InferenceError;
use super::tensor::TensorType;
use crate::sealed_file::SealedPart;

/// A library that runs models of one format, `M` where they are ready. It belongs to one worker thread, as does all that it
/// makes.
pub trait Backend<M: ?Sized = dyn Model>: Debug {
    /// Says whether the library may be given this model, as far as that can be told without it.
    ///
    /// # Errors
    /// [`InferenceError::NotAModel`].
    fn verify(&self, bytes: &[u8]) -> Result<(), InferenceError>;

    /// Makes a model ready to run; `bytes` were verified, and where there is a `part`, it has the same bytes.
    ///
    /// # Errors
    /// [`InferenceError::NotAModel`], [`InferenceError::UnsupportedTensor`], or the library's reason.
    fn load(&self, bytes: &[u8], part: Option<SealedPart>) -> Result<Rc<M>, InferenceError>;
}

/// Something that was made of some bytes, by which it is found again.
pub trait Content: Debug {
    /// The bytes that it was made from.
    fn bytes(&self) -> &[u8];

    /// The part of a sealed file that it was made from, if it was one.
    fn part(&self) -> Option<&SealedPart>;
}

/// A model that is ready to run. Its sessions share it, and nothing else.
pub trait Model: Content {
    /// A new use of the model.
    ///
    /// # Errors
    /// The library's reason.
    fn session(self: Rc<Self>) -> Result<Box<dyn Session>, InferenceError>;
}

/// One use of a model, with tensors of its own: inputs, a run, outputs. Inputs and outputs go by number; names are looked
/// up once. Values are raw, in the tensor's element type, little-endian, rows first.
pub trait Session: Debug {
    /// The number of the input of that name.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`].
    fn input_index(&self, name: &str) -> Result<usize, InferenceError>;

    /// The type of the input with this number; None after the last.
    fn input_type(&self, index: usize) -> Option<TensorType>;

    /// Sets an input; `data` has the tensor's exact size.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`], [`InferenceError::WrongSize`], or the library's reason.
    fn set_input(&mut self, index: usize, data: &[u8]) -> Result<(), InferenceError>;

    /// Runs the model on the inputs; may be repeated.
    ///
    /// # Errors
    /// [`InferenceError::InputNotSet`], or the library's reason.
    fn run(&mut self) -> Result<(), InferenceError>;

    /// The number of the output of that name.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`].
    fn output_index(&self, name: &str) -> Result<usize, InferenceError>;

    /// Bytes of an output, also before a run.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`].
    fn output_len(&self, index: usize) -> Result<usize, InferenceError>;

    /// The values of an output.
    ///
    /// # Errors
    /// [`InferenceError::NotRun`] or [`InferenceError::UnknownTensor`].
    fn output(&self, index: usize) -> Result<&[u8], InferenceError>;
}

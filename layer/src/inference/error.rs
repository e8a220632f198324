//! Why a model could not be loaded or run.

use thiserror::Error;

use super::policy::ModelDigest;

/// Why a model could not be loaded or run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InferenceError {
    /// The bytes are no TensorFlow Lite model.
    #[error("no TensorFlow Lite model: {0}")]
    NotAModel(String),
    /// The model is sound, but nobody said that it may run.
    #[error("the model with sha256 {0} is not known")]
    NotAllowed(ModelDigest),
    /// The model has a tensor that this runtime doesn't take.
    #[error("tensor {name:?} is not supported: {reason}")]
    UnsupportedTensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No input or output has this name or number.
    #[error("no {kind} {wanted}; the model has {known}")]
    UnknownTensor {
        /// `input` or `output`.
        kind: &'static str,
        /// What was asked for.
        wanted: String,
        /// The names that there are.
        known: String,
    },
    /// The data has not the tensor's size.
    #[error("input {name:?} takes exactly {expected} bytes, found {found}")]
    WrongSize {
        /// The tensor's name.
        name: String,
        /// Bytes of the tensor.
        expected: usize,
        /// Bytes that were given.
        found: usize,
    },
    /// The session was run before all inputs were set.
    #[error("input {0:?} was not set")]
    InputNotSet(String),
    /// An output was read before the session was run.
    #[error("the session was not run yet")]
    NotRun,
    /// LiteRT failed.
    #[error("LiteRT could not {action} (status {status})")]
    Runtime {
        /// What it was asked to do.
        action: &'static str,
        /// `LiteRtStatus`, see litert_common.h.
        status: u32,
    },
}

impl InferenceError {
    /// Whether the caller passed something wrong, as opposed to a failure of the runtime.
    pub fn is_invalid_argument(&self) -> bool {
        match self {
            Self::NotAModel(_)
            | Self::NotAllowed(_)
            | Self::UnknownTensor { .. }
            | Self::WrongSize { .. } => true,
            Self::UnsupportedTensor { .. } | Self::InputNotSet(_) | Self::NotRun | Self::Runtime { .. } => {
                false
            }
        }
    }
}

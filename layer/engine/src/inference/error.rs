//! Why a model could not be loaded or run.

use thiserror::Error;

use crate::sha256_sum::Sha256Sum;

/// Why a model could not be loaded or run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InferenceError {
    /// The bytes are no model of the format that was asked for.
    #[error("no {format} model: {reason}")]
    NotAModel {
        /// What it should be.
        format: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is larger than any that is kept.
    #[error("the model has {found} bytes, accepted are up to {limit}")]
    TooLarge {
        /// Its size.
        found: usize,
        /// Bytes of the largest that is accepted.
        limit: usize,
    },
    /// The model is sound, but nobody said that it may run.
    #[error("the model with sha256 {0} is not known")]
    NotAllowed(Sha256Sum),
    /// The model has a tensor that this runtime doesn't take.
    #[error("tensor {name:?} is not supported: {reason}")]
    UnsupportedTensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No input or output has this name or number.
    #[error("no {role} {wanted}; the model has {known}")]
    UnknownTensor {
        /// `input` or `output`.
        role: &'static str,
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
    /// Nothing here can run the model, or not with these inputs and outputs.
    #[error("it can't be run: {reason}")]
    CannotRun {
        /// What is missing, and how to get it.
        reason: String,
    },
    /// The library that runs the model failed.
    #[error("{library} could not {action} ({reason})")]
    Library {
        /// Its name.
        library: &'static str,
        /// What it was asked to do.
        action: &'static str,
        /// What it says of it.
        reason: String,
    },
}

impl InferenceError {
    /// Whether the caller passed something wrong, as opposed to a failure of the runtime.
    pub fn is_invalid_argument(&self) -> bool {
        match self {
            Self::NotAModel { .. }
            | Self::TooLarge { .. }
            | Self::NotAllowed(_)
            | Self::UnknownTensor { .. }
            | Self::WrongSize { .. }
            | Self::CannotRun { .. } => true,
            Self::UnsupportedTensor { .. } | Self::InputNotSet(_) | Self::NotRun | Self::Library { .. } => {
                false
            }
        }
    }
}

//! What is wrong with a model.

use flatbuffer::Outside;
use thiserror::Error;

/// What is wrong with a model.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(in crate::inference) enum Damage {
    /// It is something else.
    #[error("found {0:?} at byte 4, expected \"TFL3\"")]
    Identifier(String),
    /// Something reaches out of the file, or of its table.
    #[error(transparent)]
    Outside(#[from] Outside),
    /// Anything else.
    #[error("{0}")]
    Model(String),
}

/// The error for a model of which this is said.
pub(super) fn damage<T>(reason: impl Into<String>) -> Result<T, Damage> {
    Err(Damage::Model(reason.into()))
}

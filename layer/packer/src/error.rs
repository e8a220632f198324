//! Why a model can't become a function.

use thiserror::Error;

/// Why a model can't become a function.
#[derive(Debug, Error)]
pub enum PackError {
    /// A file can't be read.
    #[error("can't read {file}: {reason}")]
    Unreadable {
        /// Its name.
        file: String,
        /// The system's reason, or another one.
        reason: String,
    },
    /// It is of another format than TensorFlow Lite.
    #[error("{file} is {found}; accepted are .tflite files, zips with one, and model.toml: {hint}")]
    OtherFormat {
        /// Its name.
        file: String,
        /// What it is.
        found: String,
        /// What to do.
        hint: &'static str,
    },
    /// The model's file is damaged.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// Its name.
        file: String,
        /// Where.
        reason: String,
    },
    /// A sound model that is none for classes of pictures, or that the runtime can't run.
    #[error("{0}")]
    Unfit(String),
    /// There are no labels, or not as many as classes.
    #[error("{0}")]
    Labels(String),
    /// An option does not go with the model.
    #[error("{0}")]
    Option(String),
}

/// The error for a model of which this is said.
pub(crate) fn unfit<T>(reason: impl Into<String>) -> Result<T, PackError> {
    Err(PackError::Unfit(reason.into()))
}

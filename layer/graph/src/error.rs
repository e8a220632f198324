//! Why a graph could not be read or converted.

use thiserror::Error;

use crate::element_type::ElementType;
use crate::limits::MAX_NAME_IN_ERROR;

/// Why a graph could not be read or converted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GraphError {
    /// The bytes are no graph.
    #[error("no frozen graph: {0}")]
    NotAGraph(String),
    /// Something of the graph is larger than any network for pictures asks for.
    #[error("{what}: found {found}, accepted are up to {limit}")]
    TooLarge {
        /// What of it.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much is accepted.
        limit: usize,
    },
    /// No operation has this name.
    #[error("the graph has no operation {0:?}")]
    UnknownOperation(String),
    /// The operation has fewer outputs.
    #[error("operation {name:?} has no output {index}")]
    UnknownOutput {
        /// Its name.
        name: String,
        /// The output that was asked for.
        index: usize,
    },
    /// The input has another type of elements.
    #[error("input {name:?} takes {expected}, found {found}")]
    WrongType {
        /// Its name.
        name: String,
        /// The type that the graph says.
        expected: ElementType,
        /// The type that was given.
        found: ElementType,
    },
    /// The input's data has not the size of its shape.
    #[error("input {name:?} of shape {shape:?} takes {expected} bytes, found {found}")]
    WrongSize {
        /// Its name.
        name: String,
        /// The shape that was given.
        shape: Vec<usize>,
        /// Bytes of that shape.
        expected: usize,
        /// Bytes that were given.
        found: usize,
    },
    /// An input that the outputs need was not given.
    #[error("input {0:?} was not given")]
    MissingInput(String),
    /// Shapes or attributes of an operation don't fit: TensorFlow would not run it either.
    #[error("operation {node:?} ({operation}): {reason}")]
    Invalid {
        /// Its name.
        node: String,
        /// What it does.
        operation: String,
        /// What doesn't fit.
        reason: String,
    },
    /// An operation has no counterpart in TensorFlow Lite, or not with these attributes.
    #[error("operation {operation} ({node:?}) can't be converted: {reason}")]
    Unsupported {
        /// What it does.
        operation: String,
        /// Its name.
        node: String,
        /// Why not.
        reason: String,
    },
}

impl GraphError {
    /// Whether TensorFlow itself might run the graph.
    pub fn needs_tensorflow(&self) -> bool {
        matches!(self, Self::Unsupported { .. } | Self::TooLarge { .. })
    }
}

/// A tensor without elements, which TensorFlow Lite has not.
pub(crate) fn no_elements(tensor: &str, shape: &[usize]) -> GraphError {
    GraphError::Unsupported {
        operation: "tensor".to_owned(),
        node: short(tensor),
        reason: format!("a tensor of shape {shape:?} has no elements"),
    }
}

/// A name from the graph, cut to what a message has room for.
pub(crate) fn short(name: &str) -> String {
    let end = (0..=MAX_NAME_IN_ERROR.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
    match name.get(..end.unwrap_or(0)) {
        Some(start) if start.len() < name.len() => format!("{start}…"),
        _ => name.to_owned(),
    }
}

/// What a lowering finds wrong with its operation; the name is added where it was called.
#[derive(Debug)]
pub(crate) enum Fault {
    /// See [`GraphError::Invalid`].
    Invalid(String),
    /// See [`GraphError::Unsupported`].
    Unsupported(String),
    /// One that names something else.
    Other(GraphError),
}

impl From<GraphError> for Fault {
    fn from(error: GraphError) -> Self {
        Self::Other(error)
    }
}

/// An operation whose shapes or attributes don't fit.
pub(crate) fn invalid<T>(reason: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Invalid(reason.into()))
}

/// An operation that has no counterpart.
pub(crate) fn unsupported<T>(reason: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Unsupported(reason.into()))
}

/// Something that is too large.
pub(crate) fn too_large(what: &'static str, found: usize, limit: usize) -> GraphError {
    GraphError::TooLarge { what, found, limit }
}

//! Bounds on graphs that nobody vouches for.

/// Operations of a graph; the largest networks for pictures have a tenth.
pub(crate) const MAX_NODES: usize = 65_536;
/// Inputs of all operations together: each takes two bytes of the file, and sixteen once it is read.
pub(crate) const MAX_EDGES: usize = 4 * MAX_NODES;
/// Dimensions of a tensor that TensorFlow Lite's kernels know.
pub(crate) const MAX_DIMENSIONS: usize = 8;
/// Bytes of one tensor, and of all that are computed: what the verifier of models accepts.
pub(crate) const MAX_TENSOR_BYTES: usize = 256 << 20;
/// Bytes of constants that are made rather than read: repeated values, and what is computed of constants.
pub(crate) const MAX_FOLDED_BYTES: usize = 64 << 20;
/// Elements that computing constants may look at; a few times what weights that are scaled ask for.
pub(crate) const MAX_FOLDED_ELEMENTS: usize = 64 << 20;
/// Bytes of the model that is written: what is kept of models.
pub(crate) const MAX_MODEL_BYTES: usize = 128 << 20;
/// Operators of the model that is written.
pub(crate) const MAX_OPERATORS: usize = 16_384;
/// Elements of a constant that says a shape, axes or paddings.
pub(crate) const MAX_PARAMETERS: usize = 1_024;
/// Bytes of a name in an error.
pub(crate) const MAX_NAME_IN_ERROR: usize = 120;

//! What an operation's output is, once it was converted.

use crate::constant::Constant;

/// An output of an operation.
#[derive(Clone, Debug)]
pub(crate) enum Value<'g> {
    /// Known already.
    Constant(Constant<'g>),
    /// A tensor of the model, by its number.
    Computed {
        tensor: usize,
        /// Whether something else uses the tensor under another name, too.
        is_shared: bool,
    },
}

impl Value<'_> {
    /// A tensor that was just made.
    pub(crate) fn computed(tensor: usize) -> Self {
        Self::Computed { tensor, is_shared: false }
    }
}

/// An input of the operation that is being converted.
#[derive(Clone, Debug)]
pub(crate) struct Operand<'g> {
    pub(crate) value: Value<'g>,
    /// Whether nothing else will ever read it, so that what computes it may be changed.
    pub(crate) is_exclusive: bool,
}

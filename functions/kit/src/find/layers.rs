//! Counting the layers that are still taken off.

use crate::error::FunctionError;

/// The layers that are left within the next one.
///
/// # Errors
/// `bad_request` where none is left.
pub(super) fn one_less(layers: usize) -> Result<usize, FunctionError> {
    let too_many = || FunctionError::no_picture("the body is encoded too many times over");
    layers.checked_sub(1).ok_or_else(too_many)
}

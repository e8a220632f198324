//! The numbers by which `wasmedge_tensorflow`, `wasmedge_tensorflowlite` and `wasi_ephemeral_nn` tell failures.

use super::function::Failure;
use super::memory;
use crate::inference::InferenceError;
use crate::limits::TENSOR_NAME_BYTES;

/// The numbers of WasmEdge's own plug-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errno {
    InvalidArgument = 1,
    InvalidEncoding = 2,
    MissingMemory = 3,
    Busy = 4,
    Runtime = 5,
    /// Of `wasi_ephemeral_nn` only. Its crates take a number above this one for impossible.
    NotFound = 8,
}

impl Failure for Errno {
    const UNUSABLE: Self = Self::MissingMemory;

    fn number(self) -> u32 {
        self as u32
    }
}

impl Errno {
    /// The number of what went wrong with a model, whose reason is logged.
    pub(super) fn of(error: &InferenceError) -> Self {
        tracing::debug!(%error, "a call of an interface for inference failed");
        if error.is_invalid_argument() { Self::InvalidArgument } else { Self::Runtime }
    }
}

/// A name in the guest's memory: of a tensor, an operation, or a model.
pub(super) fn name(memory: &[u8], pointer: u32, length: u32) -> Result<&str, Errno> {
    if length as usize > TENSOR_NAME_BYTES {
        return Err(Errno::InvalidArgument);
    }
    let bytes = memory::read(memory, pointer, length).ok_or(Errno::MissingMemory)?;
    std::str::from_utf8(bytes).map_err(|_| Errno::InvalidEncoding)
}

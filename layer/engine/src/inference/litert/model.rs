//! A model as LiteRT reads it.

use std::ptr;

use litert_sys as sys;

use super::bytes::ModelBytes;
use super::status::{check, not_a_model};
use crate::inference::error::InferenceError;
use crate::sealed_file::SealedPart;

/// A model that was read, with the bytes that it points into.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) handle: sys::LiteRtModel,
    bytes: ModelBytes,
}

impl Model {
    /// Reads a model; `bytes` were verified.
    pub(super) fn new(bytes: ModelBytes) -> Result<Self, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the bytes live in `Self` beside the handle, at a fixed place, until after it is destroyed.
        let status = unsafe {
            let bytes = bytes.as_slice();
            sys::LiteRtCreateModelFromBuffer(bytes.as_ptr().cast(), bytes.len(), &raw mut handle)
        };
        check("read the model", status).map_err(|error| not_a_model(error.to_string()))?;
        Ok(Self { handle, bytes })
    }

    /// The bytes that it was read from.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The part of a sealed file that it was read from, if it was one.
    pub(super) fn part(&self) -> Option<&SealedPart> {
        self.bytes.part()
    }

    /// Gives back memory that is only needed when the bytes are looked at again.
    pub(super) fn leave_untouched(&self) {
        self.bytes.leave_untouched();
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateModelFromBuffer, destroyed once.
        unsafe { sys::LiteRtDestroyModel(self.handle) }
    }
}

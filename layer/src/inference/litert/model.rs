//! A model as LiteRT reads it.

use std::ptr;

use litert_sys as sys;

use super::signature::Signature;
use super::{InferenceError, check};

/// What LiteRT's kernels expect of the model's bytes.
const MODEL_ALIGNMENT: usize = 16;

/// A model that was read, with the bytes that it points into.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) handle: sys::LiteRtModel,
    bytes: AlignedBytes,
}

impl Model {
    /// Reads a model; `bytes` were verified.
    pub(super) fn new(bytes: &[u8]) -> Result<Self, InferenceError> {
        let bytes = AlignedBytes::new(bytes);
        let mut handle = ptr::null_mut();
        // SAFETY: the bytes live in `Self` beside the handle, at a fixed place, until after it is destroyed.
        let status = unsafe {
            sys::LiteRtCreateModelFromBuffer(bytes.as_slice().as_ptr().cast(), bytes.length, &raw mut handle)
        };
        check("read the model", status).map_err(|error| InferenceError::NotAModel(error.to_string()))?;
        Ok(Self { handle, bytes })
    }

    /// The bytes that it was read from.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The first signature, which LiteRT makes up where a model has none.
    pub(super) fn signature(&self) -> Result<Signature<'_>, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the model is alive, and the result pointer is valid.
        check("read the signature", unsafe {
            sys::LiteRtGetModelSignature(self.handle, 0, &raw mut handle)
        })?;
        Ok(Signature { handle, _model: self })
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateModelFromBuffer, destroyed once.
        unsafe { sys::LiteRtDestroyModel(self.handle) }
    }
}

/// Bytes at a multiple of [`MODEL_ALIGNMENT`].
#[derive(Debug)]
struct AlignedBytes {
    blocks: Box<[u128]>,
    length: usize,
}

impl AlignedBytes {
    fn new(bytes: &[u8]) -> Self {
        let mut blocks = vec![0_u128; bytes.len().div_ceil(MODEL_ALIGNMENT)].into_boxed_slice();
        for (block, chunk) in blocks.iter_mut().zip(bytes.chunks(MODEL_ALIGNMENT)) {
            let mut padded = [0; MODEL_ALIGNMENT];
            padded[..chunk.len()].copy_from_slice(chunk);
            *block = u128::from_ne_bytes(padded);
        }
        Self { blocks, length: bytes.len() }
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: the blocks are initialised and have at least `length` bytes; bytes have no alignment.
        unsafe { std::slice::from_raw_parts(self.blocks.as_ptr().cast(), self.length) }
    }
}

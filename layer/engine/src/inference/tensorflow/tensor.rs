//! Tensors in TensorFlow's memory.

use std::ffi::c_int;
use std::ptr;

use super::functions::{Functions, Handle};
use super::status::failed;
use crate::inference::error::InferenceError;
use crate::inference::tensor::{ElementType, Tensor};

/// A tensor of TensorFlow's.
#[derive(Debug)]
pub(super) struct TensorHandle {
    functions: &'static Functions,
    pub(super) handle: Handle,
}

impl TensorHandle {
    /// A copy of a tensor.
    pub(super) fn of(functions: &'static Functions, tensor: &Tensor) -> Result<Self, InferenceError> {
        let dimensions = tensor.dimensions();
        let (Ok(element_type), Ok(rank)) =
            (c_int::try_from(tensor.element_type().tensorflow()), c_int::try_from(dimensions.len()))
        else {
            return Err(failed("make a tensor", "it has too many dimensions"));
        };
        let bytes = tensor.bytes();
        // SAFETY: the dimensions are as many as are said.
        let handle =
            unsafe { (functions.TF_AllocateTensor)(element_type, dimensions.as_ptr(), rank, bytes.len()) };
        if handle.is_null() {
            return Err(failed("make a tensor", format!("there is no memory for {} bytes", bytes.len())));
        }
        let made = Self { functions, handle };
        if !bytes.is_empty() {
            let memory = made.memory()?;
            // SAFETY: the tensor is alive, new, and has as many bytes as were asked for, as `memory` checked.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), memory.cast(), bytes.len().min(made.bytes())) };
        }
        Ok(made)
    }

    /// One that a run has made; None where there is none.
    pub(super) fn made(functions: &'static Functions, handle: Handle) -> Option<Self> {
        (!handle.is_null()).then_some(Self { functions, handle })
    }

    fn bytes(&self) -> usize {
        // SAFETY: the tensor is alive.
        unsafe { (self.functions.TF_TensorByteSize)(self.handle) }
    }

    fn memory(&self) -> Result<*mut std::ffi::c_void, InferenceError> {
        // SAFETY: the tensor is alive.
        let memory = unsafe { (self.functions.TF_TensorData)(self.handle) };
        if memory.is_null() { Err(failed("read a tensor", "it has no memory")) } else { Ok(memory) }
    }

    /// Its type, shape and values.
    pub(super) fn read(&self, name: &str) -> Result<Tensor, InferenceError> {
        // SAFETY: the tensor is alive.
        let number = unsafe { (self.functions.TF_TensorType)(self.handle) };
        let unsupported =
            |reason: String| InferenceError::UnsupportedTensor { name: name.to_owned(), reason };
        let element_type = ElementType::from_tensorflow(number.into());
        let Some(element_type) = element_type else {
            return Err(unsupported(format!("its elements are of TensorFlow's type {number}")));
        };
        // SAFETY: as above; the dimensions asked for are those that it has.
        let dimensions = unsafe {
            let rank = (self.functions.TF_NumDims)(self.handle);
            (0..rank).map(|dimension| (self.functions.TF_Dim)(self.handle, dimension)).collect()
        };
        let values = match self.bytes() {
            0 => Vec::new(),
            // SAFETY: as above; the memory has as many bytes, which the run has written.
            bytes => unsafe { std::slice::from_raw_parts(self.memory()?.cast::<u8>(), bytes) }.to_vec(),
        };
        Tensor::new(element_type, dimensions, values)
            .ok_or_else(|| unsupported("its values are not as many as its shape says".to_owned()))
    }
}

impl Drop for TensorHandle {
    fn drop(&mut self) {
        // SAFETY: made by TensorFlow for its caller, deleted once.
        unsafe { (self.functions.TF_DeleteTensor)(self.handle) }
    }
}

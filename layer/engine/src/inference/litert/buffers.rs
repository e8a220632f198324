//! Tensors in memory.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use litert_sys as sys;

use super::environment::Environment;
use super::signature::Tensor;
use super::status::{check, failed};
use crate::inference::error::InferenceError;

/// The tensors of one session.
#[derive(Debug, Default)]
pub(super) struct TensorBuffers {
    inputs: Vec<TensorBuffer>,
    outputs: Vec<TensorBuffer>,
}

impl TensorBuffers {
    /// New tensors of these kinds.
    pub(super) fn new(
        environment: &Rc<Environment>,
        inputs: &[Tensor],
        outputs: &[Tensor],
    ) -> Result<Self, InferenceError> {
        let make = |tensors: &[Tensor]| {
            tensors.iter().map(|tensor| TensorBuffer::new(environment, tensor)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self { inputs: make(inputs)?, outputs: make(outputs)? })
    }

    /// The inputs' and the outputs' handles, in order.
    pub(super) fn handles(&self) -> (Vec<sys::LiteRtTensorBuffer>, Vec<sys::LiteRtTensorBuffer>) {
        let handles = |buffers: &[TensorBuffer]| buffers.iter().map(|buffer| buffer.handle).collect();
        (handles(&self.inputs), handles(&self.outputs))
    }

    /// Sets all outputs to zero, so that nothing of another session or of this process can be read from them.
    pub(super) fn clear_outputs(&mut self) -> Result<(), InferenceError> {
        self.outputs.iter_mut().try_for_each(TensorBuffer::clear)
    }

    /// Writes the input `index`; `data` has the tensor's size, as the session checked.
    pub(super) fn write_input(&mut self, index: usize, data: &[u8]) -> Result<(), InferenceError> {
        match self.inputs.get_mut(index) {
            Some(buffer) => buffer.write(data),
            None => Err(failed("find the input", "it has no such number")),
        }
    }

    pub(super) fn read_outputs(&self, tensors: &[Tensor]) -> Result<Vec<Vec<u8>>, InferenceError> {
        self.outputs.iter().zip(tensors).map(|(buffer, tensor)| buffer.read(tensor.bytes)).collect()
    }
}

/// Host memory of one tensor.
#[derive(Debug)]
struct TensorBuffer {
    handle: sys::LiteRtTensorBuffer,
    bytes: usize,
    _environment: Rc<Environment>,
}

impl TensorBuffer {
    fn new(environment: &Rc<Environment>, tensor: &Tensor) -> Result<Self, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the environment is alive, the type is the tensor's own, and the result pointer is valid.
        check("make a tensor", unsafe {
            sys::LiteRtCreateManagedTensorBuffer(
                environment.0,
                sys::kLiteRtTensorBufferTypeHostMemory,
                &raw const tensor.ranked_type,
                tensor.bytes,
                &raw mut handle,
            )
        })?;
        Ok(Self { handle, bytes: tensor.bytes, _environment: Rc::clone(environment) })
    }

    fn write(&mut self, data: &[u8]) -> Result<(), InferenceError> {
        let length = data.len().min(self.bytes);
        let memory = self.lock(sys::kLiteRtTensorBufferLockModeWrite)?;
        // SAFETY: the locked memory has `bytes` bytes and is not the caller's.
        unsafe { ptr::copy_nonoverlapping(data.as_ptr(), memory.cast(), length) };
        self.unlock()
    }

    fn clear(&mut self) -> Result<(), InferenceError> {
        let memory = self.lock(sys::kLiteRtTensorBufferLockModeWrite)?;
        // SAFETY: the locked memory has `bytes` bytes.
        unsafe { ptr::write_bytes(memory.cast::<u8>(), 0, self.bytes) };
        self.unlock()
    }

    fn read(&self, length: usize) -> Result<Vec<u8>, InferenceError> {
        let length = length.min(self.bytes);
        let memory = self.lock(sys::kLiteRtTensorBufferLockModeRead)?;
        // SAFETY: the locked memory has `bytes` bytes, which were written since they were made: see `clear`.
        let data = unsafe { std::slice::from_raw_parts(memory.cast::<u8>(), length) }.to_vec();
        self.unlock()?;
        Ok(data)
    }

    fn lock(&self, mode: sys::LiteRtTensorBufferLockMode) -> Result<*mut c_void, InferenceError> {
        let mut memory = ptr::null_mut();
        // SAFETY: the buffer is alive and not locked: every lock here is released before the method returns.
        check("lock a tensor", unsafe { sys::LiteRtLockTensorBuffer(self.handle, &raw mut memory, mode) })?;
        if memory.is_null() {
            return Err(failed("lock a tensor", "it has no memory"));
        }
        Ok(memory)
    }

    fn unlock(&self) -> Result<(), InferenceError> {
        // SAFETY: locked by the caller just before.
        check("unlock a tensor", unsafe { sys::LiteRtUnlockTensorBuffer(self.handle) })
    }
}

impl Drop for TensorBuffer {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateManagedTensorBuffer, destroyed once.
        unsafe { sys::LiteRtDestroyTensorBuffer(self.handle) }
    }
}

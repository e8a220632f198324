//! Models that are ready to run.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::ptr;
use std::rc::Rc;

use litert_sys as sys;

use super::buffers::TensorBuffers;
use super::bytes::ModelBytes;
use super::environment::Environment;
use super::model::Model;
use super::options::Options;
use super::signature::{Signature, Tensor};
use super::status::check;
use crate::inference::error::InferenceError;
use crate::sealed_file::SealedPart;

/// Sets of tensors kept for later sessions.
const MAX_SPARE_BUFFERS: usize = 2;

/// A model that is ready to run.
#[derive(Debug)]
pub(in crate::inference) struct CompiledModel {
    // Dropped by hand in this order: the compiled model, the model, then the bytes it points into.
    compiled: sys::LiteRtCompiledModel,
    model: Model,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    spare: RefCell<Vec<TensorBuffers>>,
    environment: Rc<Environment>,
}

impl CompiledModel {
    pub(super) fn new(
        environment: &Rc<Environment>,
        bytes: ModelBytes,
        threads: NonZeroUsize,
    ) -> Result<Self, InferenceError> {
        let model = Model::new(bytes)?;
        let signature = Signature::first(&model)?;
        let inputs = signature.inputs()?;
        let outputs = signature.outputs()?;
        let options = Options::new(threads)?;
        let mut compiled = ptr::null_mut();
        // SAFETY: all three handles are alive, and the result pointer is valid.
        check("compile the model", unsafe {
            sys::LiteRtCreateCompiledModel(environment.0, model.handle, options.0, &raw mut compiled)
        })?;
        model.leave_untouched();
        Ok(Self {
            compiled,
            model,
            inputs,
            outputs,
            spare: RefCell::new(Vec::new()),
            environment: Rc::clone(environment),
        })
    }

    pub(super) fn model_bytes(&self) -> &[u8] {
        self.model.bytes()
    }

    /// The part of a sealed file that it was compiled from, if it was one.
    pub(super) fn model_part(&self) -> Option<&SealedPart> {
        self.model.part()
    }

    pub(super) fn inputs(&self) -> &[Tensor] {
        &self.inputs
    }

    pub(super) fn outputs(&self) -> &[Tensor] {
        &self.outputs
    }

    /// Tensors for a session: left by an earlier one, or new. The outputs are zero: a run of this model may not write
    /// all of them. The inputs hold anything until they are set, which a session asks for before a run.
    pub(super) fn take_buffers(&self) -> Result<TensorBuffers, InferenceError> {
        let spare = self.spare.borrow_mut().pop();
        let mut buffers = match spare {
            Some(buffers) => buffers,
            None => TensorBuffers::new(&self.environment, &self.inputs, &self.outputs)?,
        };
        buffers.clear_outputs()?;
        Ok(buffers)
    }

    pub(super) fn give_back(&self, buffers: TensorBuffers) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < MAX_SPARE_BUFFERS {
            spare.push(buffers);
        }
    }

    pub(super) fn run(&self, buffers: &mut TensorBuffers) -> Result<(), InferenceError> {
        let (mut inputs, mut outputs) = buffers.handles();
        // SAFETY: the buffers were made for this model's tensors, in order, and none is locked.
        check("run the model", unsafe {
            sys::LiteRtRunCompiledModel(
                self.compiled,
                0,
                inputs.len(),
                inputs.as_mut_ptr(),
                outputs.len(),
                outputs.as_mut_ptr(),
            )
        })
    }
}

impl Drop for CompiledModel {
    fn drop(&mut self) {
        self.spare.get_mut().clear();
        // SAFETY: made by LiteRtCreateCompiledModel; sessions hold an Rc to self, so none is left.
        unsafe { sys::LiteRtDestroyCompiledModel(self.compiled) }
    }
}

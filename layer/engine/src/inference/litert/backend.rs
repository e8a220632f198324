//! LiteRT as a backend: TensorFlow Lite models, verified before it reads them.

use std::num::NonZeroUsize;
use std::rc::Rc;

use super::bytes::ModelBytes;
use super::compiled::CompiledModel;
use super::environment::{self, Environment};
use super::session::LiteRtSession;
use super::status::not_a_model;
use crate::inference::backend::{Backend, Content, Model, Session};
use crate::inference::error::InferenceError;
use crate::inference::verify::verify;
use crate::sealed_file::SealedPart;

/// LiteRT, started.
#[derive(Clone, Debug)]
pub struct LiteRt {
    environment: Rc<Environment>,
    threads: NonZeroUsize,
}

impl LiteRt {
    /// Starts LiteRT; its models run on `threads` threads.
    ///
    /// # Errors
    /// LiteRT's status, where it can't start.
    pub fn new(threads: NonZeroUsize) -> Result<Self, InferenceError> {
        Ok(Self { environment: Rc::new(Environment::new()?), threads })
    }

    /// Threads that its models run on.
    pub(in crate::inference) fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Starts LiteRT for the first that asks for it in this process, or in each copy of it.
    pub fn start_ahead() {
        environment::make_ahead();
    }

    /// A model of LiteRT's own type.
    pub(in crate::inference) fn compile(
        &self,
        bytes: &[u8],
        part: Option<SealedPart>,
    ) -> Result<Rc<CompiledModel>, InferenceError> {
        self.compile_bytes(ModelBytes::new(bytes, part))
    }

    /// Makes a model ready to run that was made here, and verified.
    pub(in crate::inference) fn take(&self, bytes: Vec<u8>) -> Result<Rc<dyn Model>, InferenceError> {
        Ok(self.compile_bytes(ModelBytes::made(bytes))?)
    }

    fn compile_bytes(&self, bytes: ModelBytes) -> Result<Rc<CompiledModel>, InferenceError> {
        CompiledModel::new(&self.environment, bytes, self.threads).map(Rc::new)
    }
}

impl Backend for LiteRt {
    fn verify(&self, bytes: &[u8]) -> Result<(), InferenceError> {
        verify(bytes).map_err(|damage| not_a_model(damage.to_string()))
    }

    fn load(&self, bytes: &[u8], part: Option<SealedPart>) -> Result<Rc<dyn Model>, InferenceError> {
        Ok(self.compile(bytes, part)?)
    }
}

impl Content for CompiledModel {
    fn bytes(&self) -> &[u8] {
        self.model_bytes()
    }

    fn part(&self) -> Option<&SealedPart> {
        self.model_part()
    }
}

impl Model for CompiledModel {
    fn session(self: Rc<Self>) -> Result<Box<dyn Session>, InferenceError> {
        Ok(Box::new(LiteRtSession::new(self)?))
    }
}

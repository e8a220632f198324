//! Compiled models by content.

use std::num::NonZeroUsize;
use std::rc::Rc;

use super::error::InferenceError;
use super::litert::{CompiledModel, Environment};
use super::session::Session;

/// Models kept compiled; a function has one, a module of several steps a few.
const MOST_MODELS: usize = 4;
/// Bytes of all models kept; compiled they take about twice that.
const MOST_BYTES: usize = 128 << 20;

/// The compiled models of one worker thread, the latest used first.
#[derive(Debug)]
pub struct ModelCache {
    environment: Rc<Environment>,
    threads: NonZeroUsize,
    models: Vec<Rc<CompiledModel>>,
}

impl ModelCache {
    /// Starts LiteRT; every model runs on `threads` threads.
    ///
    /// # Errors
    /// LiteRT's status, where it can't start.
    pub fn new(threads: NonZeroUsize) -> Result<Self, InferenceError> {
        Ok(Self { environment: Rc::new(Environment::new()?), threads, models: Vec::new() })
    }

    /// A new session over the model in `bytes`.
    ///
    /// Models are compared byte by byte: for 4 MB that takes a fraction of a millisecond, and unlike a hash it
    /// can't be fooled.
    ///
    /// # Errors
    /// [`InferenceError::NotAModel`] and what else compiling may bring.
    pub fn session(&mut self, bytes: &[u8]) -> Result<Session, InferenceError> {
        let model = match self.models.iter().position(|model| model.bytes() == bytes) {
            Some(position) => self.models.remove(position),
            None => Rc::new(CompiledModel::new(&self.environment, bytes, self.threads)?),
        };
        self.models.insert(0, Rc::clone(&model));
        self.evict();
        Session::new(model)
    }

    /// Models that are compiled now.
    pub fn compiled(&self) -> usize {
        self.models.len()
    }

    fn evict(&mut self) {
        self.models.truncate(MOST_MODELS);
        while self.models.len() > 1
            && self.models.iter().map(|model| model.bytes().len()).sum::<usize>() > MOST_BYTES
        {
            self.models.pop();
        }
    }
}

//! TensorFlow graphs where nothing can run them.

use std::path::Path;
use std::rc::Rc;

use super::backend::Backend;
use super::error::InferenceError;
use super::graph::{Graph, GraphBackend};
use crate::sealed_file::SealedPart;

/// Refuses every graph.
#[derive(Debug)]
pub struct NoGraphs;

const REASON: &str = "this runtime does not run TensorFlow graphs, only TensorFlow Lite models";

impl Backend<dyn Graph> for NoGraphs {
    fn verify(&self, _bytes: &[u8]) -> Result<(), InferenceError> {
        Err(InferenceError::CannotRun { reason: REASON.to_owned() })
    }

    fn load(&self, bytes: &[u8], _part: Option<SealedPart>) -> Result<Rc<dyn Graph>, InferenceError> {
        self.verify(bytes)?;
        Err(InferenceError::CannotRun { reason: REASON.to_owned() })
    }
}

impl GraphBackend for NoGraphs {
    fn load_saved_model(&self, _folder: &Path, _tags: &[String]) -> Result<Rc<dyn Graph>, InferenceError> {
        Err(InferenceError::CannotRun { reason: REASON.to_owned() })
    }
}

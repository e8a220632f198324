//! Models that WASI-NN's guests load by a name.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::sync::Arc;

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

use crate::inference::{InferenceError, SealedPart};
use crate::sealed_file::SealedFile;

/// A format of models, as WASI-NN calls those that something here reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NnEncoding {
    /// TensorFlow Lite.
    TensorFlowLite,
    /// A frozen TensorFlow graph.
    TensorFlow,
}

/// A model in a file in memory, with the name by which guests load it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NnModel {
    /// The name.
    pub name: String,
    /// What the file is.
    pub encoding: NnEncoding,
    /// Its bytes. They are not part of a message, but go beside it.
    #[serde(skip)]
    pub file: Option<Arc<File>>,
}

/// The same in a worker.
#[derive(Debug)]
pub(crate) struct PreloadedModel {
    pub(crate) name: String,
    pub(crate) encoding: NnEncoding,
    pub(crate) part: Option<SealedPart>,
    /// Empty where it is a part of a sealed file.
    copy: Vec<u8>,
}

/// The bytes of a model, where they are.
pub(crate) enum ModelBytes<'m> {
    Mapped(Mmap),
    Copied(Cow<'m, [u8]>),
}

impl std::ops::Deref for ModelBytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(bytes) => bytes,
            Self::Copied(bytes) => bytes,
        }
    }
}

impl PreloadedModel {
    /// Finds the model in its file.
    ///
    /// # Errors
    /// The system's reason, or that there is no file.
    pub(crate) fn new(model: &NnModel) -> Result<Self, InferenceError> {
        let NnModel { name, encoding, file } = model;
        let file = file.as_ref().ok_or_else(|| failed(&"there is no file"))?;
        let sealed = SealedFile::sealed(file).map_err(|error| failed(&error))?;
        let mut copy = Vec::new();
        if sealed.is_none() {
            // A kernel without seals; nobody else has the file.
            let mut file = &**file;
            file.rewind().and_then(|()| file.read_to_end(&mut copy)).map_err(|error| failed(&error))?;
        }
        let part = sealed.map(|(file, length)| SealedPart::new(file, 0..length));
        Ok(Self { name: name.clone(), encoding: *encoding, part, copy })
    }

    /// Its bytes.
    ///
    /// # Errors
    /// The system's reason.
    pub(crate) fn bytes(&self) -> Result<ModelBytes<'_>, InferenceError> {
        match &self.part {
            Some(part) => Ok(ModelBytes::Mapped(part.map().map_err(|error| failed(&error))?)),
            None => Ok(ModelBytes::Copied(Cow::Borrowed(&self.copy))),
        }
    }
}

fn failed(reason: &dyn std::fmt::Display) -> InferenceError {
    InferenceError::Library {
        library: "the system",
        action: "give the model's file",
        reason: reason.to_string(),
    }
}

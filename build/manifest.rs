//! `model.toml`: the description of a model.

use std::error::Error;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::tflite::{Tensor, Tensors};

#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) file: String,
    sha256: String,
    pub(crate) input: Input,
    pub(crate) output: Output,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    pub(crate) tensor: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Output {
    pub(crate) tensor: String,
    pub(crate) classes: usize,
}

impl Manifest {
    pub(crate) fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        println!("cargo:rerun-if-changed={}", file.display());
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("can't read {}: {error}", file.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()).into())
    }

    pub(crate) fn check_sha256(&self, file: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if found == self.sha256 {
            return Ok(());
        }
        Err(format!("{} has sha256 {found}, its model.toml says {}", file.display(), self.sha256).into())
    }

    /// The manifest and the model must tell the same: a wrong name would only show at run time.
    pub(crate) fn check_tensors(&self, file: &Path, tensors: &Tensors) -> Result<(), Box<dyn Error>> {
        let Input { tensor, width, height } = &self.input;
        let wanted_input = (tensor.as_str(), vec![1, *height as i32, *width as i32, 3]);
        let wanted_output = (self.output.tensor.as_str(), vec![1, self.output.classes as i32]);
        for (tensor, (name, shape)) in [(&tensors.input, wanted_input), (&tensors.output, wanted_output)] {
            if tensor.name != name || tensor.shape != shape || tensor.element != Tensor::UINT8 {
                return Err(format!(
                    "{}: model.toml says tensor {name:?} with shape {shape:?} and unsigned bytes; the model has {tensor:?}",
                    file.display()
                )
                .into());
            }
        }
        Ok(())
    }
}

//! `model.toml`: the description of a model in a folder, with its file and labels beside it.

use std::path::Path;

use contract::about::Title;
use packed::{Normalization, Unsure};
use serde::Deserialize;

use crate::error::PackError;
use crate::small_file;

/// Bytes of a model.toml: ours have some hundred.
const MAX_BYTES: u64 = 1 << 20;

/// A model.toml, as far as it is needed here.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) title: Option<Title>,
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) input: Input,
    pub(crate) output: Output,
    #[serde(default)]
    pub(crate) unsure: Unsure,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    pub(crate) tensor: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    mean: Option<Numbers>,
    std: Option<Numbers>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Output {
    pub(crate) tensor: String,
    pub(crate) classes: usize,
}

/// One number for all channels, or one for each.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(f32),
    Each([f32; 3]),
}

impl Numbers {
    fn each(self) -> [f32; 3] {
        match self {
            Self::One(number) => [number; 3],
            Self::Each(numbers) => numbers,
        }
    }
}

impl Manifest {
    pub(crate) fn read(path: &Path) -> Result<Self, PackError> {
        let file = path.display().to_string();
        let bytes = small_file::read(path, MAX_BYTES)?;
        toml::from_slice(&bytes).map_err(|error| PackError::Damaged { file, reason: error.to_string() })
    }

    /// How bytes become numbers, if it says so.
    pub(crate) fn normalization(&self) -> Result<Option<Normalization>, PackError> {
        match (self.input.mean, self.input.std) {
            (Some(mean), Some(std)) => Ok(Some(Normalization { mean: mean.each(), std: std.each() })),
            (None, None) => Ok(None),
            _ => Err(PackError::Option("model.toml has only one of mean and std".to_owned())),
        }
    }
}

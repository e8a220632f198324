//! The options that all commands with an engine share.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::Failure;
use crate::engine::{CodeSource, DirGrant, Engine, EngineConfig, LoadedEngine};
use crate::inference::{ModelDigest, ModelPolicy};
use crate::limits::Limits;

/// Which module runs, and how.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Module")]
pub struct EngineArgs {
    /// The module [default: recognize.wasm beside the program, else dist/recognize.wasm of the project]
    #[arg(long, env = "VISION_WASM", value_name = "FILE")]
    pub wasm: Option<PathBuf>,

    /// Which code of the module runs
    #[arg(long, env = "VISION_CODE", value_enum, default_value_t = CodeSource::Auto)]
    pub code: CodeSource,

    /// Threads for the inference of one event [default: one for each core]
    #[arg(long, env = "VISION_THREADS", value_name = "N")]
    pub threads: Option<NonZeroUsize>,

    /// Grant the module a folder, as GUEST:HOST; may be repeated
    #[arg(long = "dir", value_name = "GUEST:HOST")]
    pub dirs: Vec<DirGrant>,

    /// Let the module use the model with this sha256 too, beside those of this project; may be repeated
    #[arg(long = "allow-model", env = "VISION_ALLOW_MODELS", value_name = "SHA256", value_delimiter = ',')]
    pub allow_models: Vec<ModelDigest>,

    /// Let the module use any model. Models are verified first, but a hostile one may still end the process
    #[arg(long, env = "VISION_ALLOW_ANY_MODEL", value_parser = FalseyValueParser::new())]
    pub allow_any_model: bool,

    #[command(flatten)]
    pub(crate) limits: Limits,
}

impl EngineArgs {
    /// Loads the module and makes its first instances ready.
    ///
    /// # Errors
    /// Everything that can be wrong before the first event.
    pub(crate) fn start(&self, workers: NonZeroUsize, arguments: &[String]) -> Result<Engine, Failure> {
        self.load(self.config(workers, arguments))?.start().map_err(Failure::usage)
    }

    /// Loads the module; what is left to do needs none of the files that the module needed.
    ///
    /// # Errors
    /// A module that can't be run.
    pub(crate) fn load(&self, config: EngineConfig) -> Result<LoadedEngine, Failure> {
        Engine::load(&self.module()?, config).map_err(Failure::usage)
    }

    /// What was asked for, and the engine's defaults for the rest.
    pub(crate) fn config(&self, workers: NonZeroUsize, arguments: &[String]) -> EngineConfig {
        let defaults = EngineConfig::default();
        let models = if self.allow_any_model {
            ModelPolicy::Any
        } else {
            ModelPolicy::known_and(self.allow_models.iter().copied())
        };
        EngineConfig {
            limits: self.limits,
            workers,
            inference_threads: self.threads.unwrap_or(defaults.inference_threads),
            code: self.code,
            arguments: arguments.to_vec(),
            dirs: self.dirs.clone(),
            models,
            ..defaults
        }
    }

    /// The host's side of the folders that the module is granted.
    pub(crate) fn granted_folders(&self) -> Vec<PathBuf> {
        self.dirs.iter().map(|dir| dir.host.clone()).collect()
    }

    fn module(&self) -> Result<PathBuf, Failure> {
        if let Some(file) = &self.wasm {
            return Ok(file.clone());
        }
        let candidates = default_modules();
        candidates.iter().find(|file| file.exists()).cloned().ok_or_else(|| {
            let places: Vec<String> = candidates.iter().map(|file| file.display().to_string()).collect();
            Failure::usage(anyhow::anyhow!(
                "no module: name one with --wasm, or build ours with `make build` (looked for {})",
                places.join(", ")
            ))
        })
    }
}

/// Where the module is in a layer, in a clone, and in the current folder.
fn default_modules() -> Vec<PathBuf> {
    let mut files = Vec::new();
    if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        files.push(folder.join("recognize.wasm"));
        if let Some(project) = folder.parent().and_then(Path::parent) {
            files.push(project.join("dist/recognize.wasm"));
        }
    }
    files.push("dist/recognize.wasm".into());
    files
}

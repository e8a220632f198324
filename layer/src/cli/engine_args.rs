//! The options that all commands with an engine share.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::engine::{CodeSource, DirGrant, Engine, EngineConfig};
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

    #[command(flatten)]
    pub(crate) limits: Limits,
}

impl EngineArgs {
    /// Loads the module and makes its first instances ready.
    ///
    /// # Errors
    /// Everything that can be wrong before the first event.
    pub(crate) fn start(&self, workers: NonZeroUsize, arguments: &[String]) -> Result<Engine, Failure> {
        let config = EngineConfig {
            limits: self.limits,
            workers,
            inference_threads: self.threads.unwrap_or(EngineConfig::default().inference_threads),
            code: self.code,
            arguments: arguments.to_vec(),
            dirs: self.dirs.clone(),
        };
        Engine::start(&self.module()?, &config).map_err(Failure::usage)
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

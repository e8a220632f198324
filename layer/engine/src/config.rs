//! How the engine runs a module.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wasmedge_sdk::config::{
    CommonConfigOptions, CompilerConfigOptions, Config, ConfigBuilder, RuntimeConfigOptions,
};
use wasmedge_sdk::error::WasmEdgeError;
use wasmedge_sdk::{CompilerOptimizationLevel, CompilerOutputFormat, RunMode, WasmStandard};

use super::processor::Processor;
use crate::inference::ModelPolicy;
use crate::limits::Limits;
use crate::nn_model::NnModel;

/// Everything about an engine but the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EngineConfig {
    /// What one event may use.
    pub limits: Limits,
    /// Threads for the inference of one event.
    pub inference_threads: NonZeroUsize,
    /// Which code of the module runs.
    pub code: CodeSource,
    /// Whether somebody vouches for the module: its native code may run, and the models within it.
    pub is_vouched_for: bool,
    /// Arguments for the module, after its name.
    pub arguments: Vec<String>,
    /// Folders that the module may use; none unless granted.
    pub dirs: Vec<DirGrant>,
    /// Which models the module may run.
    pub models: ModelPolicy,
    /// Models that the module may load by a name (WASI-NN).
    pub nn_models: Vec<NnModel>,
    /// What the host has for the module.
    pub host_functions: HostFunctions,
    /// Whether the first picture that the module decodes is kept for a thumbnail.
    pub makes_thumbnail: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            inference_threads: cores(),
            code: CodeSource::default(),
            is_vouched_for: false,
            arguments: Vec::new(),
            dirs: Vec::new(),
            models: ModelPolicy::default(),
            nn_models: Vec::new(),
            host_functions: HostFunctions::default(),
            makes_thumbnail: false,
        }
    }
}

/// Cores that this process may use.
pub fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The settings of WasmEdge for a module that runs in this mode, within the limits.
pub(super) fn settings(run_mode: RunMode, limits: Limits) -> Result<Config, Box<WasmEdgeError>> {
    ConfigBuilder::new(features().run_mode(run_mode))
        .with_runtime_config(RuntimeConfigOptions::default().max_memory_pages(limits.memory_pages()))
        .build()
}

/// The settings of WasmEdge's compiler.
pub(super) fn compiler_settings(processor: Processor) -> Result<Config, Box<WasmEdgeError>> {
    let options = CompilerConfigOptions::new()
        .optimization_level(CompilerOptimizationLevel::O3)
        .out_format(CompilerOutputFormat::Wasm)
        .generic_binary(processor == Processor::Generic);
    ConfigBuilder::new(features()).with_compiler_config(options).build()
}

/// What modules may use, as [`super::features`] names it: WebAssembly 2.0.
fn features() -> CommonConfigOptions {
    CommonConfigOptions::from_wasm_standard(WasmStandard::Wasm2)
}

/// Which code of a module runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum CodeSource {
    /// The native code of a module that is known (of this project's packages, named by --trust-module, or compiled here);
    /// any other module is compiled when it is loaded first, and that is kept in the cache
    #[default]
    Auto,
    /// The native code that the module carries, whoever made it: it may do whatever a worker may
    Native,
    /// Compile the module when it is loaded, whatever native code it carries
    Compile,
    /// Interpret the module (about 20 times slower), whatever native code it carries; only the time limit bounds
    /// how deeply its calls nest
    Interpret,
}

/// What the host has for modules. Their imports are the same: what is more is asked for through them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum HostFunctions {
    /// All that there is
    #[default]
    All,
    /// Only what WasmEdge's own plug-ins do, to try whether a function runs there as well: pictures are not turned, reasons are
    /// not told, and there are no operations of pictures
    Wasmedge,
}

/// A folder of the host that the module sees under a name of its own: `GUEST:HOST`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirGrant {
    /// The name inside the module.
    pub guest: String,
    /// The folder of the host.
    pub host: PathBuf,
}

impl FromStr for DirGrant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((guest, host)) if !guest.is_empty() && !host.is_empty() => {
                Ok(Self { guest: guest.to_owned(), host: host.into() })
            }
            _ => Err(format!("found {text:?}, accepted is GUEST:HOST, such as /data:./data")),
        }
    }
}

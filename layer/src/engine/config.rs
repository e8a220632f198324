//! How the engine runs a module.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use crate::inference::ModelPolicy;
use crate::limits::Limits;

/// Everything about an engine but the module.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// What one event may use.
    pub limits: Limits,
    /// Events that run at the same time, each on a thread of its own.
    pub workers: NonZeroUsize,
    /// Threads for the inference of one event.
    pub inference_threads: NonZeroUsize,
    /// Which code of the module runs.
    pub code: CodeSource,
    /// Arguments for the module, after its name.
    pub arguments: Vec<String>,
    /// Folders that the module may use; none unless granted.
    pub dirs: Vec<DirGrant>,
    /// Which models the module may run.
    pub models: ModelPolicy,
    /// Whether answers come with the picture that the module had decoded.
    pub keeps_picture: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            workers: NonZeroUsize::MIN,
            inference_threads: cores(),
            code: CodeSource::default(),
            arguments: Vec::new(),
            dirs: Vec::new(),
            models: ModelPolicy::default(),
            keeps_picture: false,
        }
    }
}

/// Cores that this process may use.
pub(super) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Which code of a module runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum CodeSource {
    /// The native code that `vision compile` put into the module; one without is compiled when it is loaded
    #[default]
    Auto,
    /// Compile the module when it is loaded, whatever native code it carries
    Compile,
    /// Interpret the module (about 20 times slower), whatever native code it carries; only the time limit bounds
    /// how deeply its calls nest
    Interpret,
}

/// A folder of the host that the module sees under a name of its own: `GUEST:HOST`.
#[derive(Clone, Debug, PartialEq, Eq)]
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

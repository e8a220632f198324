//! The options that all commands with an engine share.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::BoolishValueParser;
use contract::settings::QUERY_ARGUMENT;
use worker::Nursery;
use worker::limits::{Limits, LoadLimits};
use worker::sandbox::{SandboxArgs, SandboxError, SandboxMode};
use worker::{CodeSource, DirGrant, EngineConfig, HostFunctions, Processor, has_baseline};
use worker::{ModelPolicy, Sha256Sum};

use super::exit::Failure;
use crate::modules::{Cache, ModuleFile, NamedModel, known_modules};
use crate::pool::{Confining, Given, LoadedPool, Loader, Loading};
use crate::system_limits::{Files, check_addresses, check_file_size};

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

    /// What the host has for the module
    #[arg(long, value_enum, default_value_t = HostFunctions::All)]
    pub host_functions: HostFunctions,

    /// Threads for the inference of one event [default: one for each core]
    #[arg(long, env = "VISION_THREADS", value_name = "N", value_parser = parse_count)]
    pub threads: Option<NonZeroUsize>,

    /// Options of the function, as a URL's query has them: 'size=1024&background=blur'; may be repeated. What an event says itself comes
    /// first
    #[arg(long = "query", env = "VISION_QUERY", value_name = "QUERY", value_parser = parse_query)]
    pub queries: Vec<String>,

    /// Grant the module a folder, as GUEST:HOST; may be repeated
    #[arg(long = "dir", value_name = "GUEST:HOST")]
    pub dirs: Vec<DirGrant>,

    /// Let the module use the model with this sha256 too, beside those of this project; may be repeated
    #[arg(long = "allow-model", env = "VISION_ALLOW_MODELS", value_name = "SHA256", value_delimiter = ',')]
    pub allow_models: Vec<Sha256Sum>,

    /// Let the module use any model. Models are verified first, but a hostile one may still end the process
    #[arg(long, env = "VISION_ALLOW_ANY_MODEL", value_parser = BoolishValueParser::new())]
    pub allow_any_model: bool,

    /// Give the module a model by a name (WASI-NN), as NAME:ENCODING:TARGET:PATH: tensorflowlite or tensorflow, and cpu. It must be
    /// known as any other; may be repeated
    #[arg(
        long = "nn-preload",
        env = "VISION_NN_PRELOAD",
        value_name = "NAME:ENCODING:TARGET:PATH",
        value_delimiter = ','
    )]
    pub nn_preload: Vec<NamedModel>,

    /// The folder of TensorFlow's C library, for TensorFlow graphs that are not converted (control flow, saved models, rare operations);
    /// `make tensorflow` fetches it into .toolchain/tensorflow
    #[arg(long, env = "VISION_TENSORFLOW", value_name = "FOLDER")]
    pub tensorflow: Option<PathBuf>,

    /// Let the native code run that the module with this sha256 carries, and the models in it; may be repeated
    #[arg(long = "trust-module", env = "VISION_TRUST_MODULES", value_name = "SHA256", value_delimiter = ',')]
    pub trust_modules: Vec<Sha256Sum>,

    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,

    #[command(flatten)]
    pub(crate) limits: Limits,

    #[command(flatten)]
    pub(crate) load_limits: LoadLimits,
}

/// What every command that runs modules starts with.
#[derive(Debug)]
pub(super) struct Start {
    /// The process that workers are copies of.
    pub(crate) nursery: Nursery,
    /// What is logged.
    pub(crate) log_level: String,
    /// The files that this process may open.
    pub(crate) files: Files,
}

/// A start on which the nursery confines itself.
#[derive(Debug)]
pub(super) struct Begun {
    confining: Confining,
    /// The files that this process may open.
    files: Files,
}

/// The same with a nursery for each of several functions.
#[derive(Debug)]
pub(super) struct BegunFunctions {
    confining: Vec<Confining>,
    files: Files,
}

impl From<Begun> for BegunFunctions {
    fn from(Begun { confining, files }: Begun) -> Self {
        Self { confining: vec![confining], files }
    }
}

impl EngineArgs {
    /// Has the module loaded for so many workers, and compiled before if it has to be; what is left to do needs none of the files that the
    /// module needed.
    ///
    /// # Errors
    /// A module that can't be run, a system that lets the process have too little, and a sandbox that was required and can't be had.
    pub(super) fn load(
        &self,
        Begun { confining, files }: Begun,
        config: EngineConfig,
        workers: NonZeroUsize,
    ) -> Result<LoadedPool, Failure> {
        check(files, workers.get(), &[&config])?;
        self.load_module(self.wasm.as_ref(), confining, config)
    }

    /// The same for several functions: the module and the configuration of each, and how many workers all of them have. Each is
    /// loaded when it is asked for, in the same order.
    ///
    /// # Errors
    /// What keeps all from being loaded.
    pub(super) fn load_functions(
        &self,
        BegunFunctions { confining, files }: BegunFunctions,
        functions: Vec<(Option<PathBuf>, EngineConfig)>,
        workers: usize,
    ) -> Result<impl Iterator<Item = Result<LoadedPool, Failure>>, Failure> {
        check(files, workers, &functions.iter().map(|(_, config)| config).collect::<Vec<_>>())?;
        let functions = confining.into_iter().zip(functions);
        Ok(functions
            .map(|(confining, (module, config))| self.load_module(module.as_ref(), confining, config)))
    }

    fn load_module(
        &self,
        module: Option<&PathBuf>,
        confining: Confining,
        config: EngineConfig,
    ) -> Result<LoadedPool, Failure> {
        let nn_models = NamedModel::read_all(&self.nn_preload, &config.models).map_err(Failure::usage)?;
        let config = EngineConfig { nn_models, ..config };
        let path = module_or_default(module)?;
        let name = path.display().to_string();
        let cache = Cache::of_user();
        let known = known_modules(&self.trust_modules, cache.as_ref());
        let module = ModuleFile::open(&path).map_err(Failure::usage)?;
        let is_known = known.contains(&module.sum);
        if self.code != CodeSource::Interpret && !has_baseline() {
            tracing::warn!(
                "this processor is older than x86-64-v2 (SSE4.2), so {name} is interpreted, about 20 times slower"
            );
        }
        let loader = self.confined(confining)?;
        let loading = loader.load(&name, &module.file, &config, is_known).map_err(Failure::usage)?;
        let (loader, carries_code) = match loading {
            Loading::Loaded(pool) => return Ok(pool),
            Loading::NeedsCompiling { loader, carries_code } => (loader, carries_code),
        };
        let sum = module.sum;
        if carries_code && self.code == CodeSource::Auto {
            tracing::warn!(
                "nobody vouches for the native code in {name}, so it is not used and the module is compiled here \
                 (--trust-module {sum} uses it, --code native that of any module)"
            );
        }
        let compiled = match cache.as_ref().and_then(|cache| cache.get(&sum)) {
            Some(compiled) => compiled,
            None => {
                if self.code == CodeSource::Auto {
                    tracing::warn!(
                        "{name} is compiled now; the next time it starts at once (as with `vision compile`)"
                    );
                }
                compile(&loader, &name, &module.file, &sum, cache.as_ref())?
            }
        };
        let config = EngineConfig { code: CodeSource::Native, is_vouched_for: is_known, ..config };
        match loader.load(&name, &compiled, &config, is_known).map_err(Failure::usage)? {
            Loading::Loaded(pool) => Ok(pool),
            Loading::NeedsCompiling { .. } => {
                Err(Failure::usage(anyhow::anyhow!("what was compiled of {name} carries no native code")))
            }
        }
    }

    /// Has the nursery confine itself as far as was asked, while other things are read.
    ///
    /// # Errors
    /// The nursery is gone.
    pub(super) fn begin(&self, Start { nursery, log_level, files }: Start) -> Result<Begun, Failure> {
        let mode = self.sandbox.sandbox;
        let confining = Loader::confine(nursery, mode, self.given(), self.load_limits, log_level);
        Ok(Begun { confining: confining.map_err(Failure::usage)?, files })
    }

    /// The same for several functions, which get a nursery each.
    ///
    /// # Errors
    /// A nursery is gone.
    pub(super) fn begin_functions(&self, start: Start, count: usize) -> Result<BegunFunctions, Failure> {
        if count <= 1 {
            return self.begin(start).map(BegunFunctions::from);
        }
        let Start { nursery, log_level, files } = start;
        let others: Result<Vec<Nursery>, _> = (1..count).map(|_| nursery.another()).collect();
        let others = others.map_err(|error| {
            Failure::failed(anyhow::anyhow!("no process for the workers of {count} functions: {error}"))
        })?;
        let nurseries = std::iter::once(nursery).chain(others).collect();
        let mode = self.sandbox.sandbox;
        let confining = Loader::confine_all(nurseries, mode, &self.given(), self.load_limits, &log_level);
        Ok(BegunFunctions { confining: confining.map_err(Failure::usage)?, files })
    }

    /// The loader, once its process is confined as far as was asked.
    fn confined(&self, confining: Confining) -> Result<Loader, Failure> {
        let mode = self.sandbox.sandbox;
        let (loader, missing) = confining.finish().map_err(Failure::usage)?;
        for (mechanism, reason) in missing {
            if mode == SandboxMode::Require {
                return Err(Failure::usage(SandboxError::new(mechanism, reason)));
            }
            tracing::warn!("workers are less confined: this system has no {mechanism} ({reason})");
        }
        Ok(loader)
    }

    /// What was asked for, and the engine's defaults for the rest.
    pub(crate) fn config(&self, arguments: &[String]) -> EngineConfig {
        let defaults = EngineConfig::default();
        let models = if self.allow_any_model {
            ModelPolicy::Any
        } else {
            ModelPolicy::known_and(self.allow_models.iter().copied())
        };
        EngineConfig {
            limits: self.limits,
            inference_threads: self.threads.unwrap_or(defaults.inference_threads),
            code: self.code,
            arguments: self.arguments(arguments),
            host_functions: self.host_functions,
            dirs: self.dirs.clone(),
            models,
            ..defaults
        }
    }

    /// The module's arguments: those that were given for it, and its options.
    fn arguments(&self, given: &[String]) -> Vec<String> {
        let mut arguments = given.to_vec();
        let query = self.queries.join("&");
        if !query.is_empty() {
            arguments.extend([QUERY_ARGUMENT.to_owned(), query]);
        }
        arguments
    }

    /// What of this machine workers are given.
    fn given(&self) -> Given {
        Given { folders: self.granted_folders(), tensorflow: self.tensorflow.clone() }
    }

    /// The host's side of the folders that the module is granted.
    pub(crate) fn granted_folders(&self) -> Vec<PathBuf> {
        self.dirs.iter().map(|dir| dir.host.clone()).collect()
    }
}

/// Checks what the system lets this process have, for so many workers of functions with these configurations.
fn check(files: Files, workers: usize, configs: &[&EngineConfig]) -> Result<(), Failure> {
    let bytes = |config: &&EngineConfig| config.limits.answer_bytes().max(config.limits.event_bytes()) as u64;
    let file_bytes = configs.iter().map(bytes).max().unwrap_or(0);
    let checked = files.check(workers).and_then(|()| check_addresses());
    checked.and_then(|()| check_file_size(file_bytes)).map_err(Failure::usage)
}

/// The module that was named, or the one that is there by default.
///
/// # Errors
/// Where it was looked for.
pub(super) fn module_or_default(named: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(file) = named {
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

/// Compiles a module and keeps the result for the next time.
fn compile(
    loader: &Loader,
    name: &str,
    module: &File,
    sum: &Sha256Sum,
    cache: Option<&Cache>,
) -> Result<File, Failure> {
    let mut compiled = loader.compile(name, module, Processor::Native).map_err(Failure::usage)?;
    if let Some(cache) = cache
        && let Err(error) = cache.put(sum, &mut compiled)
    {
        tracing::info!(%error, "what was compiled can't be kept in the user's cache folder");
    }
    Ok(compiled)
}

/// Threads or workers: far more than cores would only be in each other's way, and some thousands never start.
const MAX_AT_ONCE: usize = 256;

/// Reads a number of threads or workers.
///
/// # Errors
/// Says what is accepted.
pub(super) fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse::<NonZeroUsize>().ok().filter(|count| count.get() <= MAX_AT_ONCE);
    count.ok_or_else(|| format!("found {text:?}, accepted are 1 to {MAX_AT_ONCE}"))
}

/// Bytes of all options of a function.
const MAX_QUERY_BYTES: usize = 4096;

/// Reads options of a function.
///
/// # Errors
/// Says what is accepted.
fn parse_query(text: &str) -> Result<String, String> {
    let query = text.trim().trim_start_matches('?').trim_matches('&');
    let is_pair = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    if query.is_empty() {
        Ok(String::new())
    } else if query.len() > MAX_QUERY_BYTES {
        Err(format!("found {} bytes, accepted are up to {MAX_QUERY_BYTES}", query.len()))
    } else if query.contains(char::is_control) || !query.split('&').all(is_pair) {
        Err("accepted are names and values such as 'size=1024&background=blur'".to_owned())
    } else {
        Ok(query.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_a_query_and_anything_else_is_refused() {
        assert_eq!(
            parse_query(" ?size=1024&background=%23fff& ").as_deref(),
            Ok("size=1024&background=%23fff")
        );
        assert_eq!(parse_query("").as_deref(), Ok(""));
        for text in ["size", "=1", "a=1&&b=2", "a=1\nb", &format!("a={}", "x".repeat(MAX_QUERY_BYTES))] {
            assert!(parse_query(text).unwrap_err().contains("accepted are"), "{text}");
        }
    }
}

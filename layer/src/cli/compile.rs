//! `vision compile`: native code beside the wasm, in one file.

use std::io::{Read as _, Seek as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use packer::{read_about, with_about};
use worker::Sha256Sum;
use worker::limits::LoadLimits;
use worker::sandbox::SandboxMode;
use worker::{LoadError, Processor};

use super::engine_args::Start;
use super::exit::{Exit, Failure, Outcome};
use crate::modules::{Cache, ModuleFile, replace_file};
use crate::pool::{Confining, Given, Loader};

#[derive(Debug, Args)]
pub(super) struct CompileArgs {
    /// The module
    #[arg(value_name = "IN.wasm")]
    input: PathBuf,

    /// Where the compiled module goes; it still runs under an interpreter
    #[arg(value_name = "OUT.wasm")]
    output: PathBuf,

    /// Use all instructions of this machine's processor; the file may not run on another one
    #[arg(long)]
    native: bool,

    /// Write into it what this file says of the function (docs/functions.md): what it answers, and what people call it
    #[arg(long, value_name = "function.toml")]
    about: Option<PathBuf>,

    #[command(flatten)]
    limits: LoadLimits,
}

pub(super) fn run(Start { nursery, log_level, .. }: Start, arguments: &CompileArgs) -> Outcome {
    let CompileArgs { input, output, native, about, limits } = arguments;
    let about = about.as_deref().map(read_about).transpose().map_err(Failure::usage)?;
    let processor = if *native { Processor::Native } else { Processor::Generic };
    let module = ModuleFile::open(input).map_err(Failure::usage)?;
    let (loader, _) = Loader::confine(nursery, SandboxMode::Auto, Given::default(), *limits, log_level)
        .and_then(Confining::finish)
        .map_err(Failure::failed)?;
    let compiled = loader.compile(&input.display().to_string(), &module.file, processor);
    let mut compiled = compiled.map_err(|error| match error {
        LoadError::NoCompiler { .. } => Failure::usage(error),
        error => Failure::failed(error),
    })?;
    let mut bytes = Vec::new();
    compiled.rewind().and_then(|()| compiled.read_to_end(&mut bytes)).map_err(Failure::failed)?;
    if let Some(about) = about {
        bytes = with_about(&input.display().to_string(), &bytes, &about).map_err(Failure::usage)?;
    }
    replace_file(output, &bytes)
        .with_context(|| format!("can't write {}", output.display()))
        .map_err(Failure::usage)?;
    // Its native code may run from now on, for this user.
    if let Some(cache) = Cache::of_user()
        && let Err(error) = cache.note_compiled(&Sha256Sum::of(&bytes), output)
    {
        tracing::info!(%error, "the user's cache folder can't tell that this was compiled here");
    }
    Ok(Exit::Answered)
}

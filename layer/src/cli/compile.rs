//! `vision compile`: native code beside the wasm, in one file.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Failure, Outcome};
use crate::engine::{self, CompileError, Processor};

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
}

pub(super) fn run(arguments: &CompileArgs) -> Outcome {
    let processor = if arguments.native { Processor::Native } else { Processor::Generic };
    engine::compile(&arguments.input, &arguments.output, processor).map_err(|error| match error {
        CompileError::File { .. } => Failure::usage(error),
        CompileError::Refused { .. } => Failure::failed(error),
    })?;
    Ok(Exit::Answered)
}

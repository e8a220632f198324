//! `vision run`: arguments of the trigger of the same name.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{EngineArgs, Exit, Failure, Outcome, block_on};
use crate::sandbox::{Needs, SandboxArgs};
use crate::trigger::run::{self as trigger, RunError};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The event; standard input without it
    #[arg(value_name = "EVENT-FILE")]
    event: Option<PathBuf>,

    /// Say on standard error where the time went
    #[arg(long)]
    timings: bool,

    /// Arguments for the module
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,

    #[command(flatten)]
    sandbox: SandboxArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(arguments: &RunArgs) -> Outcome {
    let limit = arguments.engine.limits.event_bytes();
    let event = trigger::read_event(arguments.event.as_deref(), limit).map_err(|error| match error {
        RunError::Read { .. } if arguments.event.is_some() => Failure::usage(error),
        error => Failure::failed(error),
    })?;
    let engine = arguments.engine.load(arguments.engine.config(NonZeroUsize::MIN, &arguments.arguments))?;
    let needs = Needs { folders: arguments.engine.granted_folders(), ..Needs::default() };
    arguments.sandbox.enter(&needs).map_err(Failure::usage)?;
    let engine = engine.start().map_err(Failure::usage)?;
    block_on(trigger::answer(&engine, event, arguments.timings))?.map_err(Failure::failed)?;
    Ok(Exit::Answered)
}

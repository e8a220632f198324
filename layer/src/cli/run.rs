//! `vision run`: arguments of the trigger of the same name.

use std::path::PathBuf;

use clap::Args;

use super::{EngineArgs, Exit, Failure, Outcome, Start, block_on};
use crate::sandbox::Needs;
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
    engine: EngineArgs,
}

pub(super) fn run(start: Start, arguments: &RunArgs) -> Outcome {
    let RunArgs { engine, .. } = arguments;
    let limit = engine.limits.event_bytes();
    let event = trigger::read_event(arguments.event.as_deref(), limit).map_err(|error| match error {
        RunError::Read { .. } if arguments.event.is_some() => Failure::usage(error),
        error => Failure::failed(error),
    })?;
    let loaded = engine.load(start, engine.config(&arguments.arguments))?;
    engine.sandbox.enter(&Needs { folders: loaded.folders(), ..Needs::default() }).map_err(Failure::usage)?;
    block_on(async {
        let pool = loaded.start(1).await.map_err(Failure::usage)?;
        trigger::answer(&pool, event, arguments.timings).await.map_err(Failure::failed)
    })??;
    Ok(Exit::Answered)
}

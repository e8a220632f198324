//! `vision run`: arguments of the trigger of the same name.

use std::path::PathBuf;

use clap::Args;

use super::engine_args::{EngineArgs, Start};
use super::exit::Outcome;
use super::trigger;
use crate::trigger::run::RunTrigger;

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
    let RunArgs { event, timings, arguments, engine } = arguments;
    let begun = engine.begin(start)?;
    let trigger = RunTrigger::read(event.as_deref(), engine.limits.event_bytes(), *timings);
    trigger::run(begun, engine, arguments, trigger.map_err(trigger::failure)?)
}

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

    /// Write the answer to this file, whole or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

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
    let RunArgs { event, output, timings, arguments, engine } = arguments;
    let begun = engine.begin(start)?;
    let trigger = RunTrigger::read(event.as_deref(), engine.limits.event_bytes(), *timings);
    let trigger = trigger.and_then(|trigger| match output {
        Some(path) => trigger.with_output(path),
        None => Ok(trigger),
    });
    trigger::run(begun, engine, arguments, trigger.map_err(trigger::failure)?)
}

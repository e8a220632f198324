//! `vision serve`: arguments of the trigger of the same name.

use std::num::NonZeroUsize;

use clap::Args;
use worker::EngineConfig;

use super::engine_args::{EngineArgs, Start, parse_count};
use super::exit::{Failure, Outcome};
use super::trigger;
use crate::trigger::history_args::HistoryArgs;
use crate::trigger::serve::{CONNECTIONS_BEYOND, ServeSettings, ServeTrigger};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    settings: ServeSettings,

    /// Events at the same time, each in its own instance [default: one for each core]
    #[arg(long, env = "VISION_WORKERS", value_name = "N", value_parser = parse_count)]
    workers: Option<NonZeroUsize>,

    #[command(flatten)]
    history: HistoryArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, arguments: ServeArgs) -> Outcome {
    let ServeArgs { mut settings, workers, history, engine } = arguments;
    settings.check().map_err(Failure::usage)?;
    let workers = workers.unwrap_or(EngineConfig::default().inference_threads);
    let asked = settings.connections;
    settings.connections =
        start.files.connections(workers.get(), asked, CONNECTIONS_BEYOND).map_err(Failure::usage)?;
    if settings.connections < asked {
        tracing::warn!(
            "at most {} connections at the same time instead of {asked}: a process may not have more files open here \
             (ulimit -n)",
            settings.connections
        );
    }
    trigger::run(engine.begin(start)?, &engine, &[], ServeTrigger::new(settings, workers, history))
}

//! `vision serve`: arguments of the trigger of the same name.

use std::num::NonZeroUsize;

use clap::Args;
use worker::EngineConfig;

use super::engine_args::{EngineArgs, Start, parse_count};
use super::exit::{Failure, Outcome};
use super::trigger;
use crate::history::{Location, OF_USER};
use crate::trigger::serve::{CONNECTIONS_BEYOND, HistorySettings, ServeSettings, ServeTrigger};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    settings: ServeSettings,

    /// Events at the same time, each in its own instance [default: one for each core]
    #[arg(long, env = "VISION_WORKERS", value_name = "N", value_parser = parse_count)]
    workers: Option<NonZeroUsize>,

    /// Keep what was recognised, with a small picture: in this file of SQLite, in PostgreSQL by
    /// postgres://USER:PASSWORD@HOST/NAME, or without either in the user's data folder
    #[arg(long, env = "VISION_HISTORY", value_name = "FILE|URL", num_args = 0..=1, hide_env_values = true,
          default_missing_value = OF_USER, help_heading = "History")]
    history: Option<Location>,

    /// Entries that the history keeps; the oldest are forgotten
    #[arg(long = "history-limit", env = "VISION_HISTORY_LIMIT", value_name = "N", default_value_t = 10_000,
          help_heading = "History", value_parser = clap::value_parser!(u32).range(1..))]
    history_limit: u32,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, arguments: ServeArgs) -> Outcome {
    let ServeArgs { mut settings, workers, history, history_limit, engine } = arguments;
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
    let history = history.map(|location| HistorySettings { location, limit: history_limit });
    trigger::run(engine.begin(start)?, &engine, &[], ServeTrigger::new(settings, workers, history))
}

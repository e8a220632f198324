//! `vision serve`: arguments of the trigger of the same name.

use std::num::NonZeroUsize;

use clap::Args;

use super::{EngineArgs, Exit, Failure, Outcome, Start, end, parse_count, workers_gone};
use crate::engine::EngineConfig;
use crate::history::{History, Location, OF_USER};
use crate::sandbox::{Needs, Network};
use crate::trigger::serve::{self as trigger, ServeError, ServeSettings, Workers};
use crate::trigger::shutdown::Shutdown;

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
    let ServeArgs { settings, workers, history, history_limit, mut engine } = arguments;
    let cores = EngineConfig::default().inference_threads;
    let workers = workers.unwrap_or(cores);
    // Workers share the cores: more threads than cores would only get into each other's way.
    let threads = NonZeroUsize::new(cores.get() / workers).unwrap_or(NonZeroUsize::MIN);
    engine.threads.get_or_insert(threads);
    engine.limits.event_mib = engine.limits.event_mib.max(settings.event_mib());
    let config = EngineConfig { makes_thumbnail: history.is_some(), ..engine.config(&[]) };
    let loaded = engine.load(start, config)?;
    if let Some(location) = &history {
        location.prepare().map_err(Failure::usage)?;
        if let Some(file) = location.file() {
            eprintln!("vision: the history is kept in {}", file.display());
        }
    }
    let is_server = matches!(history, Some(Location::Server(_)));
    let of_history = Network { connect: is_server, local: is_server, listen: false };
    let (folder, files) = history.as_ref().map(Location::paths).unwrap_or_default();
    let needs = Needs {
        folders: folder.into_iter().chain(loaded.folders()).collect(),
        files,
        network: Network { listen: true, ..of_history },
        ..Needs::default()
    };
    trigger::open_metrics();
    let sandbox = engine.sandbox.enter(&needs).map_err(Failure::usage)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)?;
    let ended = runtime.block_on(async {
        let shutdown = Shutdown::install(settings.shutdown).map_err(Failure::failed)?;
        let Some(pool) = shutdown.unless_asked(loaded.start(workers.get())).await else {
            return Ok(());
        };
        let pool = pool.map_err(Failure::usage)?;
        let history = match &history {
            Some(location) => {
                let opened = History::open(location, history_limit).await;
                Some(opened.map_err(Failure::usage)?)
            }
            None => None,
        };
        let listener = trigger::listen(&settings).await.map_err(Failure::usage)?;
        sandbox.narrow(of_history).map_err(Failure::usage)?;
        let workers_are_gone = pool.clone();
        let ended = tokio::select! {
            ended = trigger::run(
                listener,
                &settings,
                Workers::of(&pool, workers),
                engine.limits,
                history,
                pool,
                &shutdown,
            ) => ended,
            () = workers_are_gone.gone() => return Err(workers_gone()),
        };
        match ended {
            Err(ServeError::Unfinished(unfinished)) => end(unfinished),
            ended => ended.map_err(Failure::usage),
        }
    });
    // Nothing that still runs, such as a look-up of a name, is waited for.
    runtime.shutdown_background();
    ended.map(|()| Exit::Answered)
}

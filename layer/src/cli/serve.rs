//! `vision serve`: arguments of the trigger of the same name.

use std::num::NonZeroUsize;

use anyhow::anyhow;
use clap::Args;
use worker::EngineConfig;

use super::engine_args::{EngineArgs, Start, parse_count};
use super::exit::{Failure, Outcome};
use super::function_arg::FunctionArg;
use super::trigger::{self, Planned};
use crate::trigger::history_args::HistoryArgs;
use crate::trigger::serve::{CONNECTIONS_BEYOND, RECOGNIZE, ServeSettings, ServeTrigger};

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    settings: ServeSettings,

    /// Serve this module at POST /v1/NAME, with workers of its own; may be repeated (in the variable with ; between them). --wasm
    /// is the function `recognize`. Behind the file may stand what only this function has: workers=N, memory-limit=MIB,
    /// time-limit=TIME, answer-limit=MIB, queue-limit=N, each after a comma
    #[arg(long = "function", env = "VISION_FUNCTIONS", value_name = "NAME=FILE", value_delimiter = ';',
          value_parser = FunctionArg::parse, help_heading = "Module")]
    functions: Vec<FunctionArg>,

    /// Events at the same time, each in its own instance; of each function, where there are several [default: one for each
    /// core; several functions share the cores, each has one at least]
    #[arg(long, env = "VISION_WORKERS", value_name = "N", value_parser = parse_count)]
    workers: Option<NonZeroUsize>,

    #[command(flatten)]
    history: HistoryArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, arguments: ServeArgs) -> Outcome {
    let ServeArgs { mut settings, functions, workers, history, engine } = arguments;
    settings.check().map_err(Failure::usage)?;
    settings.queues =
        functions.iter().filter_map(|function| Some((function.name.clone(), function.queue?))).collect();
    let planned = planned(functions, workers, &engine)?;
    let asked = settings.connections;
    let all_workers = planned.iter().map(|function| function.workers.get()).sum();
    settings.connections =
        start.files.connections(all_workers, asked, CONNECTIONS_BEYOND).map_err(Failure::usage)?;
    if settings.connections < asked {
        tracing::warn!(
            "at most {} connections at the same time instead of {asked}: a process may not have more files open here \
             (ulimit -n)",
            settings.connections
        );
    }
    let begun = engine.begin_functions(start, planned.len())?;
    trigger::run_functions(begun, &engine, &[], planned, ServeTrigger::new(settings, history))
}

/// The functions in the order in which they were named, that of `--wasm` first; the default module without any.
fn planned(
    functions: Vec<FunctionArg>,
    workers: Option<NonZeroUsize>,
    engine: &EngineArgs,
) -> Result<Vec<Planned>, Failure> {
    let cores = EngineConfig::default().inference_threads;
    if functions.is_empty() {
        let workers = workers.unwrap_or(cores);
        return Ok(vec![Planned {
            name: RECOGNIZE.to_owned(),
            module: engine.wasm.clone(),
            limits: engine.limits,
            workers,
        }]);
    }
    let of_wasm = engine.wasm.clone().map(|file| FunctionArg::new(RECOGNIZE, file));
    let functions: Vec<FunctionArg> = of_wasm.into_iter().chain(functions).collect();
    for (index, function) in functions.iter().enumerate() {
        if let Some(other) = functions.iter().take(index).find(|other| other.name == function.name) {
            return Err(Failure::usage(anyhow!(
                "the function {} has two files: {} and {} (--wasm is the function {RECOGNIZE})",
                function.name,
                other.file.display(),
                function.file.display()
            )));
        }
    }
    let share = NonZeroUsize::new(cores.get().div_ceil(functions.len())).unwrap_or(NonZeroUsize::MIN);
    let planned = |function: FunctionArg| Planned {
        limits: function.limits(engine.limits),
        workers: function.workers.or(workers).unwrap_or(share),
        name: function.name,
        module: Some(function.file),
    };
    Ok(functions.into_iter().map(planned).collect())
}

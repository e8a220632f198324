//! The life of a trigger: load the module → confine the process → start the workers → open → serve until told.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use futures_util::future::try_join_all;
use worker::EngineConfig;
use worker::limits::Limits;
use worker::sandbox::Sandbox;

use super::engine_args::{Begun, BegunFunctions, EngineArgs};
use super::exit::{Exit, Failure, Outcome};
use super::front::block_on;
use crate::pool::{FunctionPool, LoadedPool, Pools};
use crate::trigger::shutdown::{Shutdown, Unfinished};
use crate::trigger::{Requirements, Threads, Trigger, TriggerError};

/// A function that is to be loaded.
#[derive(Debug)]
pub(super) struct Planned {
    /// Its name.
    pub(super) name: String,
    /// Its module; the default one without it.
    pub(super) module: Option<PathBuf>,
    /// What one event may use.
    pub(super) limits: Limits,
    /// How many workers it gets.
    pub(super) workers: NonZeroUsize,
}

/// A function that is loaded.
struct Loaded {
    name: String,
    workers: NonZeroUsize,
    pool: LoadedPool,
}

/// Leads `trigger` through its life with one function; `arguments` are the module's.
pub(super) fn run(begun: Begun, engine: &EngineArgs, arguments: &[String], trigger: impl Trigger) -> Outcome {
    let (module, workers) = (engine.wasm.clone(), trigger.requirements().workers);
    let only = Planned { name: String::new(), module, limits: engine.limits, workers };
    run_functions(begun.into(), engine, arguments, vec![only], trigger)
}

/// The same with several functions.
pub(super) fn run_functions(
    begun: BegunFunctions,
    engine: &EngineArgs,
    arguments: &[String],
    functions: Vec<Planned>,
    trigger: impl Trigger,
) -> Outcome {
    let requirements = trigger.requirements();
    let prepared = prepare(begun, engine, arguments, functions, &trigger, &requirements);
    let (loaded, sandbox) = prepared.inspect_err(|failure| failed_start(&trigger, failure))?;
    block_on(requirements.threads, serve(loaded, sandbox, &requirements, trigger))?.map(|()| Exit::Answered)
}

/// Tells whoever waits for the first event that there will be none.
pub(super) fn failed_start(trigger: &impl Trigger, failure: &Failure) {
    // Without a runtime there is nobody to tell but standard error, which is told anyway.
    let _ = block_on(Threads::One, trigger.failed_start(&format!("{:#}", failure.error)));
}

fn prepare(
    begun: BegunFunctions,
    engine: &EngineArgs,
    arguments: &[String],
    functions: Vec<Planned>,
    trigger: &impl Trigger,
    requirements: &Requirements,
) -> Result<(Vec<Loaded>, Sandbox), Failure> {
    let workers = functions.iter().map(|function| function.workers.get()).sum();
    let general = config(engine, arguments, requirements, workers);
    let modules = functions.iter().map(|Planned { module, limits, .. }| {
        let event_mib = limits.event_mib.max(requirements.event_mib);
        let answer_mib = limits.answer_mib.max(requirements.answer_mib);
        let limits = Limits { event_mib, answer_mib, ..*limits };
        let config = EngineConfig { limits, ..general.clone() };
        (module.clone(), config)
    });
    let several = functions.len() > 1;
    let pools = engine.load_functions(begun, modules.collect(), workers)?;
    let named = pools.zip(functions).map(|(pool, Planned { name, workers, .. })| {
        let pool = pool.map_err(|failure| of_function(failure, &name, several))?;
        Ok(Loaded { name, workers, pool })
    });
    let loaded = named.collect::<Result<Vec<_>, Failure>>()?;
    let mut kept = trigger.prepare().map_err(failure)?;
    kept.folders.extend(loaded.iter().flat_map(|function| function.pool.folders()));
    let sandbox = engine.sandbox.enter(&kept).map_err(Failure::usage)?;
    Ok((loaded, sandbox))
}

/// A failure with the name of its function, where there are several.
fn of_function(failure: Failure, name: &str, several: bool) -> Failure {
    if !several {
        return failure;
    }
    Failure { error: failure.error.context(format!("the function {name}")), ..failure }
}

fn config(
    engine: &EngineArgs,
    arguments: &[String],
    requirements: &Requirements,
    workers: usize,
) -> EngineConfig {
    let mut config = engine.config(arguments);
    // All workers share the cores: more threads than cores would only get into each other's way.
    let cores = EngineConfig::default().inference_threads;
    let share = NonZeroUsize::new(cores.get() / workers.max(1)).unwrap_or(NonZeroUsize::MIN);
    config.inference_threads = engine.threads.unwrap_or(share);
    config.makes_thumbnail = requirements.makes_thumbnail;
    config
}

async fn serve(
    loaded: Vec<Loaded>,
    sandbox: Sandbox,
    requirements: &Requirements,
    trigger: impl Trigger,
) -> Result<(), Failure> {
    let shutdown = match requirements.shutdown {
        Some(arguments) => Shutdown::install(arguments).map_err(Failure::failed)?,
        None => Shutdown::never(),
    };
    let Some(pools) = shutdown.unless_asked(start(loaded)).await else {
        return trigger.ended_before_open().map_err(failure);
    };
    let (pools, opened) = match open(pools, &sandbox, requirements, &trigger).await {
        Ok(opened) => opened,
        Err(failure) => {
            trigger.failed_start(&format!("{:#}", failure.error)).await;
            return Err(failure);
        }
    };
    let served = tokio::select! {
        biased;
        served = trigger.serve(opened, &pools, &shutdown) => served,
        // Whoever started the program starts it again.
        function = pools.gone() => {
            let of = if pools.iter().count() > 1 { format!(" of the function {}", function.name) } else { String::new() };
            return Err(Failure::failed(anyhow::anyhow!(
                "the processes that start workers{of} are gone, so nothing can be answered any more"
            )));
        }
    };
    match served {
        // An end that took all of its time is told of; one that somebody cut short is a failure.
        Err(TriggerError::Unfinished(unfinished @ Unfinished::TimeIsUp(_))) => {
            tracing::warn!("{unfinished}");
            Ok(())
        }
        served => served.map_err(failure),
    }
}

/// Starts the workers of all functions.
async fn start(loaded: Vec<Loaded>) -> Result<Pools, Failure> {
    let several = loaded.len() > 1;
    let starting = loaded.into_iter().map(|Loaded { name, workers, pool }| async move {
        let started = pool.start(workers.get()).await;
        let pool = started.map_err(|error| of_function(Failure::usage(error), &name, several))?;
        Ok(FunctionPool { name, workers, pool })
    });
    let mut started = try_join_all(starting).await?.into_iter();
    let first = started.next().ok_or_else(|| Failure::usage(anyhow::anyhow!("there is no function")))?;
    Ok(Pools::new(first, started.collect()))
}

async fn open<T: Trigger>(
    pools: Result<Pools, Failure>,
    sandbox: &Sandbox,
    requirements: &Requirements,
    trigger: &T,
) -> Result<(Pools, T::Opened), Failure> {
    let pools = pools?;
    let opened = trigger.open(&pools).await.map_err(failure)?;
    if let Some(network) = requirements.network_of_events {
        sandbox.narrow(network).map_err(Failure::usage)?;
    }
    Ok((pools, opened))
}

/// What the end of a trigger means for the program.
pub(super) fn failure(error: TriggerError) -> Failure {
    match error {
        TriggerError::Configuration(_) => Failure::usage(error),
        TriggerError::Failed(_) | TriggerError::Unfinished(_) => Failure::failed(error),
    }
}

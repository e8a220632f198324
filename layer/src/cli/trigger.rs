//! The life of a trigger: load the module → confine the process → start the workers → open → serve until told.

use std::num::NonZeroUsize;

use worker::sandbox::Sandbox;
use worker::{EngineConfig, LoadError};

use super::engine_args::{Begun, EngineArgs};
use super::exit::{Exit, Failure, Outcome};
use super::front::block_on;
use crate::pool::{LoadedPool, Pool};
use crate::trigger::shutdown::{Shutdown, Unfinished};
use crate::trigger::{Requirements, Threads, Trigger, TriggerError};

/// Leads `trigger` through its life; `arguments` are the module's.
pub(super) fn run(begun: Begun, engine: &EngineArgs, arguments: &[String], trigger: impl Trigger) -> Outcome {
    let requirements = trigger.requirements();
    let prepared = prepare(begun, engine, arguments, &trigger, &requirements);
    let (loaded, sandbox) = prepared.inspect_err(|failure| failed_start(&trigger, failure))?;
    block_on(requirements.threads, serve(loaded, sandbox, &requirements, trigger))?.map(|()| Exit::Answered)
}

/// Tells whoever waits for the first event that there will be none.
pub(super) fn failed_start(trigger: &impl Trigger, failure: &Failure) {
    // Without a runtime there is nobody to tell but standard error, which is told anyway.
    let _ = block_on(Threads::One, trigger.failed_start(&format!("{:#}", failure.error)));
}

fn prepare(
    begun: Begun,
    engine: &EngineArgs,
    arguments: &[String],
    trigger: &impl Trigger,
    requirements: &Requirements,
) -> Result<(LoadedPool, Sandbox), Failure> {
    let loaded = engine.load(begun, config(engine, arguments, requirements), requirements.workers)?;
    let mut kept = trigger.prepare().map_err(failure)?;
    kept.folders.extend(loaded.folders());
    let sandbox = engine.sandbox.enter(&kept).map_err(Failure::usage)?;
    Ok((loaded, sandbox))
}

fn config(engine: &EngineArgs, arguments: &[String], requirements: &Requirements) -> EngineConfig {
    let mut config = engine.config(arguments);
    // Workers share the cores: more threads than cores would only get into each other's way.
    let cores = EngineConfig::default().inference_threads;
    let share = NonZeroUsize::new(cores.get() / requirements.workers).unwrap_or(NonZeroUsize::MIN);
    config.inference_threads = engine.threads.unwrap_or(share);
    config.limits.event_mib = config.limits.event_mib.max(requirements.event_mib);
    config.makes_thumbnail = requirements.makes_thumbnail;
    config
}

async fn serve(
    loaded: LoadedPool,
    sandbox: Sandbox,
    requirements: &Requirements,
    trigger: impl Trigger,
) -> Result<(), Failure> {
    let shutdown = match requirements.shutdown {
        Some(arguments) => Shutdown::install(arguments).map_err(Failure::failed)?,
        None => Shutdown::never(),
    };
    let Some(pool) = shutdown.unless_asked(loaded.start(requirements.workers.get())).await else {
        return trigger.ended_before_open().map_err(failure);
    };
    let (pool, opened) = match open(pool, &sandbox, requirements, &trigger).await {
        Ok(opened) => opened,
        Err(failure) => {
            trigger.failed_start(&format!("{:#}", failure.error)).await;
            return Err(failure);
        }
    };
    let served = tokio::select! {
        biased;
        served = trigger.serve(opened, &pool, &shutdown) => served,
        // Whoever started the program starts it again.
        () = pool.gone() => return Err(Failure::failed(anyhow::anyhow!(
            "the processes that start workers are gone, so nothing can be answered any more"
        ))),
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

async fn open<T: Trigger>(
    pool: Result<Pool, LoadError>,
    sandbox: &Sandbox,
    requirements: &Requirements,
    trigger: &T,
) -> Result<(Pool, T::Opened), Failure> {
    let pool = pool.map_err(Failure::usage)?;
    let opened = trigger.open(&pool).await.map_err(failure)?;
    if let Some(network) = requirements.network_of_events {
        sandbox.narrow(network).map_err(Failure::usage)?;
    }
    Ok((pool, opened))
}

/// What the end of a trigger means for the program.
pub(super) fn failure(error: TriggerError) -> Failure {
    match error {
        TriggerError::Configuration(_) => Failure::usage(error),
        TriggerError::Failed(_) | TriggerError::Unfinished(_) => Failure::failed(error),
    }
}

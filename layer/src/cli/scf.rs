//! `vision scf`: arguments of the trigger of the same name.

use clap::Args;

use super::{EngineArgs, Exit, Failure, Outcome, Start, block_on, end, workers_gone};
use crate::sandbox::{Needs, Network};
use crate::trigger::scf::{self as trigger, ScfError};
use crate::trigger::shutdown::Shutdown;

#[derive(Debug, Args)]
pub(super) struct ScfArgs {
    #[command(flatten)]
    platform: trigger::ScfArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, arguments: &ScfArgs) -> Outcome {
    let ScfArgs { engine, platform } = arguments;
    let loaded = engine.load(start, engine.config(&[]))?;
    // The runtime API and the storage.
    let network = Network { connect: true, ..Network::default() };
    engine
        .sandbox
        .enter(&Needs { network, folders: loaded.folders(), ..Needs::default() })
        .map_err(Failure::usage)?;
    block_on(async {
        let shutdown = Shutdown::install(platform.shutdown).map_err(Failure::failed)?;
        // The platform gives an instance one event at a time.
        let Some(pool) = shutdown.unless_asked(loaded.start(1)).await else {
            return Ok(Exit::Answered);
        };
        let pool = pool.map_err(Failure::usage)?;
        let ended = tokio::select! {
            ended = trigger::run(platform, engine.limits, &pool, &shutdown) => ended,
            () = pool.gone() => return Err(workers_gone()),
        };
        match ended {
            Err(ScfError::Unfinished(unfinished)) => end(unfinished)?,
            Err(error @ ScfError::Configuration(_)) => return Err(Failure::usage(error)),
            ended => ended.map_err(Failure::failed)?,
        }
        Ok(Exit::Answered)
    })?
}

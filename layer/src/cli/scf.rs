//! `vision scf`: arguments of the trigger of the same name.

use clap::Args;

use super::{EngineArgs, Exit, Failure, Outcome, Start, block_on, workers_gone};
use crate::sandbox::{Needs, Network};
use crate::trigger::scf::{self as trigger, ScfError};

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
    engine.sandbox.enter(&Needs { network, ..Needs::default() }).map_err(Failure::usage)?;
    block_on(async {
        // The platform gives an instance one event at a time.
        let pool = loaded.start(1).await.map_err(Failure::usage)?;
        let ended = tokio::select! {
            ended = trigger::run(platform, engine.limits, &pool) => ended,
            () = pool.gone() => return Err(workers_gone()),
        };
        ended.map(|()| Exit::Answered).map_err(|error| match error {
            ScfError::Configuration(_) => Failure::usage(error),
            error => Failure::failed(error),
        })
    })?
}

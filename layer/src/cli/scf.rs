//! `vision scf`: arguments of the trigger of the same name.

use std::num::NonZeroUsize;

use clap::Args;

use super::{EngineArgs, Exit, Failure, Outcome, block_on};
use crate::sandbox::{Needs, Network, SandboxArgs};
use crate::trigger::scf::{self as trigger, ScfError};

#[derive(Debug, Args)]
pub(super) struct ScfArgs {
    #[command(flatten)]
    platform: trigger::ScfArgs,

    #[command(flatten)]
    sandbox: SandboxArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(arguments: &ScfArgs) -> Outcome {
    // The platform gives an instance one event at a time.
    let engine = arguments.engine.load(arguments.engine.config(NonZeroUsize::MIN, &[]))?;
    // The runtime API and the storage.
    let network = Network { connect: true, ..Network::default() };
    let needs = Needs { folders: arguments.engine.granted_folders(), network, ..Needs::default() };
    arguments.sandbox.enter(&needs).map_err(Failure::usage)?;
    let engine = engine.start().map_err(Failure::usage)?;
    let ended = block_on(trigger::run(&arguments.platform, arguments.engine.limits, &engine))?;
    ended.map(|()| Exit::Answered).map_err(|error| match error {
        ScfError::Configuration(_) => Failure::usage(error),
        error => Failure::failed(error),
    })
}

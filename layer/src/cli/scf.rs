//! `vision scf`: arguments of the trigger of the same name.

use clap::Args;

use super::engine_args::{EngineArgs, Start};
use super::exit::Outcome;
use super::trigger;
use crate::trigger::scf::ScfTrigger;

#[derive(Debug, Args)]
pub(super) struct ScfArgs {
    #[command(flatten)]
    platform: crate::trigger::scf::ScfArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, ScfArgs { platform, engine }: ScfArgs) -> Outcome {
    trigger::run(engine.begin(start)?, &engine, &[], ScfTrigger::new(platform))
}

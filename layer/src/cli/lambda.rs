//! `vision lambda`: arguments of the trigger of the same name.

use clap::Args;

use super::engine_args::{EngineArgs, Start};
use super::exit::Outcome;
use super::front::block_on;
use super::trigger;
use crate::trigger::Threads;
use crate::trigger::lambda::{LambdaTrigger, RUNTIME_API, failed_start};

#[derive(Debug, Args)]
pub(super) struct LambdaArgs {
    #[command(flatten)]
    platform: crate::trigger::lambda::LambdaArgs,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, LambdaArgs { platform, engine }: LambdaArgs) -> Outcome {
    let trigger = LambdaTrigger::new(platform);
    let begun = engine.begin(start).inspect_err(|failure| trigger::failed_start(&trigger, failure))?;
    trigger::run(begun, &engine, &[], trigger)
}

/// Tells the platform of arguments or variables that can't be used, of which the trigger never hears.
pub(super) fn tell_of_usage(error: &clap::Error) {
    let is_asked_for = std::env::args_os().skip(1).any(|argument| argument == "lambda");
    if let (true, true, Ok(address)) = (is_asked_for, error.use_stderr(), std::env::var(RUNTIME_API)) {
        let message = crate::secrets::hidden(&error.to_string());
        let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
        // Without a runtime there is nobody to tell but standard error, where it stands anyway.
        let _ = block_on(Threads::One, failed_start(&address, first));
    }
}

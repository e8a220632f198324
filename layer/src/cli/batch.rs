//! `vision batch`: arguments of the trigger of the same name.

use std::num::NonZeroUsize;

use clap::Args;
use worker::EngineConfig;

use super::engine_args::{EngineArgs, Start, parse_count};
use super::exit::Outcome;
use super::trigger;
use crate::trigger::batch::BatchTrigger;

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct BatchArgs {
    #[command(flatten)]
    batch: crate::trigger::batch::BatchArgs,

    /// Photos at the same time [default: one for each core]
    #[arg(long, env = "VISION_WORKERS", value_name = "N", value_parser = parse_count)]
    workers: Option<NonZeroUsize>,

    #[command(flatten)]
    engine: EngineArgs,
}

const AFTER_HELP: &str = "\
Examples:
  vision batch photos --output labels.jsonl
  vision batch s3://my-photos/2026/ --output labels.csv --top 1
  find /photos -newer yesterday -name '*.jpg' -print0 | vision batch - --null > labels.jsonl
  vision batch photos --shard 3/16 --output 'labels-{shard}.jsonl'

Exit codes: 0 every photo has a row, those that failed among them (--strict: none failed); 1 ended by a signal, or photos \
may be missing; 2 usage or configuration.";

pub(super) fn run(start: Start, arguments: BatchArgs) -> Outcome {
    let BatchArgs { batch, workers, engine } = arguments;
    let workers = workers.unwrap_or(EngineConfig::default().inference_threads);
    let begun = engine.begin(start)?;
    let trigger = BatchTrigger::open(batch, workers).map_err(trigger::failure)?;
    trigger::run(begun, &engine, &[], trigger)
}

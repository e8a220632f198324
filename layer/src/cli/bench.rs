//! `vision bench`: how long warm events take on this machine.

use std::io::BufRead as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use futures_util::future::join_all;
use serde::Serialize;
use worker::answer::Timings;
use worker::channel::EventFile;
use worker::limits::parse_duration;

use super::engine_args::{EngineArgs, Start, parse_count};
use super::exit::{Exit, Failure, Outcome};
use super::front::block_on;
use crate::console;
use crate::pool::Pool;
use crate::trigger::Threads;

/// Events before the measurement: the first compiles the model and touches all memory.
const WARM_UP: usize = 5;

#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// The event
    #[arg(value_name = "EVENT-FILE")]
    event: PathBuf,

    /// Events to measure
    #[arg(long, value_name = "N", default_value = "100")]
    count: NonZeroUsize,

    /// Events at the same time, each on a worker of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_count)]
    workers: NonZeroUsize,

    /// Time between an answer and the next event, for example 5ms: the next instance is ready by then, as it is where
    /// events don't come back to back
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pause: Option<Duration>,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Read a number of events from each line of standard input instead, run them and print a line of JSON; for
    /// measurements that take turns with those of other programs
    #[arg(long, conflicts_with_all = ["count", "json"])]
    turns: bool,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, arguments: &BenchArgs) -> Outcome {
    let event = std::fs::read(&arguments.event)
        .with_context(|| format!("can't read the event {}", arguments.event.display()))
        .map_err(Failure::usage)?;
    let loaded = arguments.engine.load(
        arguments.engine.begin(start)?,
        arguments.engine.config(&[]),
        arguments.workers,
    )?;
    let (workers, pause) = (arguments.workers.get(), arguments.pause);
    block_on(Threads::One, async {
        let pool = loaded.start(workers).await.map_err(Failure::usage)?;
        let bench = Bench { pool, event: event.into(), workers, pause };
        bench.measure(WARM_UP * bench.workers).await?;
        if arguments.turns {
            return bench.take_turns().await;
        }
        let turn = bench.measure(arguments.count.get()).await?;
        let report = Report::new(&turn, bench.workers);
        let text = if arguments.json {
            serde_json::to_string(&report).map_err(Failure::failed)?
        } else {
            report.to_string()
        };
        let _ = console::print(text).map_err(Failure::failed)?;
        Ok(Exit::Answered)
    })?
}

struct Bench {
    pool: Pool,
    event: Bytes,
    workers: usize,
    pause: Option<Duration>,
}

/// Some events in a row.
#[derive(Serialize)]
struct Turn {
    /// Each event, from event in hand to answer in hand.
    nanoseconds: Vec<u128>,
    /// All of them together.
    wall_nanoseconds: u128,
    #[serde(skip)]
    timings: Vec<Timings>,
}

impl Bench {
    async fn measure(&self, count: usize) -> Result<Turn, Failure> {
        let start = Instant::now();
        let lanes = (0..self.workers).map(|lane| {
            let share = count / self.workers + usize::from(lane < count % self.workers);
            self.lane(share)
        });
        let lanes = join_all(lanes).await.into_iter().collect::<Result<Vec<_>, Failure>>()?;
        let wall_nanoseconds = start.elapsed().as_nanos();
        let (nanoseconds, timings) = lanes.into_iter().flatten().unzip();
        Ok(Turn { nanoseconds, wall_nanoseconds, timings })
    }

    async fn lane(&self, count: usize) -> Result<Vec<(u128, Timings)>, Failure> {
        let mut events = Vec::with_capacity(count);
        for _ in 0..count {
            if let Some(pause) = self.pause {
                tokio::time::sleep(pause).await;
            }
            let event = EventFile::of(&self.event).map_err(Failure::failed)?;
            let start = Instant::now();
            let answer = self.pool.call(event, None).await.map_err(Failure::failed)?;
            let nanoseconds = start.elapsed().as_nanos();
            if let Some(reason) = answer.outcome().failure() {
                return Err(Failure::failed(anyhow::anyhow!("{reason}")));
            }
            events.push((nanoseconds, answer.timings));
        }
        Ok(events)
    }

    async fn take_turns(&self) -> Outcome {
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(Failure::failed)?;
            let count = line
                .trim()
                .parse()
                .with_context(|| format!("found {line:?}, accepted is a number of events"))
                .map_err(Failure::usage)?;
            let turn = serde_json::to_string(&self.measure(count).await?).map_err(Failure::failed)?;
            if console::print(turn).map_err(Failure::failed)?.is_break() {
                break;
            }
        }
        Ok(Exit::Answered)
    }
}

/// What a person wants to know; times in milliseconds.
#[derive(Serialize)]
struct Report {
    events: usize,
    workers: usize,
    events_per_second: f64,
    median: f64,
    p99: f64,
    instantiate_before_the_event: f64,
    guest: f64,
    image: f64,
    session: f64,
    inference: f64,
}

impl Report {
    fn new(turn: &Turn, workers: usize) -> Self {
        let median_of = |part: fn(&Timings) -> Duration| {
            let parts = turn.timings.iter().map(|timings| part(timings).as_nanos()).collect();
            quantile(parts, 0.5)
        };
        Self {
            events: turn.nanoseconds.len(),
            workers,
            events_per_second: turn.nanoseconds.len() as f64 / (turn.wall_nanoseconds as f64 / 1e9),
            median: quantile(turn.nanoseconds.clone(), 0.5),
            p99: quantile(turn.nanoseconds.clone(), 0.99),
            instantiate_before_the_event: median_of(|timings| timings.instantiate),
            guest: median_of(Timings::guest),
            image: median_of(|timings| timings.image),
            session: median_of(|timings| timings.session),
            inference: median_of(|timings| timings.inference),
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            out,
            "{} events, {} at a time: {:.1} a second; median {:.2} ms, p99 {:.2} ms",
            self.events, self.workers, self.events_per_second, self.median, self.p99
        )?;
        write!(
            out,
            "medians: guest {:.2} + image {:.2} + session {:.2} + inference {:.2} ms; the next instance {:.2} ms, \
             after the answer",
            self.guest, self.image, self.session, self.inference, self.instantiate_before_the_event
        )
    }
}

/// The value in milliseconds that this share of the nanoseconds is at or below.
fn quantile(mut nanoseconds: Vec<u128>, share: f64) -> f64 {
    nanoseconds.sort_unstable();
    let index = ((nanoseconds.len() as f64 * share).ceil() as usize).saturating_sub(1);
    nanoseconds.get(index).map_or(0.0, |nanoseconds| *nanoseconds as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_smallest_value_with_that_share_at_or_below_it() {
        let values: Vec<u128> = (1..=100).rev().map(|milliseconds| milliseconds * 1_000_000).collect();
        assert_eq!(quantile(values.clone(), 0.5), 50.0);
        assert_eq!(quantile(values, 0.99), 99.0);
        assert_eq!(quantile(vec![7_000_000], 0.99), 7.0);
        assert_eq!(quantile(Vec::new(), 0.5), 0.0);
    }
}

//! `vision eval`: labelled pictures through the real function, as a caller would send them.

mod list;
mod report;

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use base64_simd::STANDARD;
use clap::Args;
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use worker::EngineConfig;
use worker::channel::EventFile;

use super::engine_args::{EngineArgs, Start, parse_count};
use super::exit::{Exit, Failure, Outcome};
use super::front::block_on;
use crate::console;
use crate::pool::Pool;
use crate::trigger::Threads;
use list::{LabelledPicture, Labels};
use report::{Report, Verdict};

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// Pictures and their labels, one a line: PATH, LABEL [, GROUP]; paths are relative to the list's folder,
    /// labels are class numbers or names; with groups, a group's probability is the sum of its labels'
    #[arg(value_name = "LIST")]
    list: PathBuf,

    /// The model's labels, one a line in index order
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    /// Pictures at the same time [default: one for each core]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    workers: Option<NonZeroUsize>,

    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(start: Start, arguments: &EvalArgs) -> Outcome {
    let labels = Labels::read(&arguments.labels).map_err(Failure::usage)?;
    let pictures = list::read(&arguments.list, &labels).map_err(Failure::usage)?;
    let workers = arguments.workers.unwrap_or(EngineConfig::default().inference_threads);
    // The cores go to the pictures, not to the single inference.
    let mut engine_args = arguments.engine.clone();
    engine_args.threads = engine_args.threads.or(Some(NonZeroUsize::MIN));
    let loaded = engine_args.load(engine_args.begin(start)?, engine_args.config(&[]), workers)?;

    let started = Instant::now();
    let verdicts = block_on(Threads::One, async {
        let pool = loaded.start(workers.get()).await.map_err(Failure::usage)?;
        Ok(judge_all(&pool, &pictures, &labels, workers).await)
    })??;
    let report = Report::new(&pictures, &verdicts, &labels, started.elapsed());
    let text = if arguments.json {
        serde_json::to_string_pretty(&report).map_err(Failure::failed)?
    } else {
        report.to_string()
    };
    let _ = console::print(text.trim_end()).map_err(Failure::failed)?;
    Ok(if report.failed() == 0 { Exit::Answered } else { Exit::Failed })
}

async fn judge_all(
    pool: &Pool,
    pictures: &[LabelledPicture],
    labels: &Labels,
    workers: NonZeroUsize,
) -> Vec<Verdict> {
    let progress = progress_bar(pictures.len());
    let verdicts = futures_util::stream::iter(pictures)
        // One picture more than workers, so that reading a file keeps no worker waiting.
        .map(|picture| judge(pool, picture, labels))
        .buffered(workers.get() + 1)
        .inspect(|_| progress.inc(1))
        .collect()
        .await;
    progress.finish_and_clear();
    verdicts
}

fn progress_bar(length: usize) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} pictures, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

#[derive(Deserialize)]
struct FunctionAnswer {
    #[serde(rename = "statusCode")]
    status: u16,
    body: String,
}

#[derive(Deserialize)]
struct Predictions {
    predictions: Vec<Prediction>,
}

#[derive(Deserialize)]
struct Prediction {
    index: usize,
    probability: f64,
}

async fn judge(pool: &Pool, picture: &LabelledPicture, labels: &Labels) -> Verdict {
    match predict(pool, picture, labels.count()).await {
        Ok(predictions) => {
            Verdict::Answered(predictions.into_iter().map(|p| (p.index, p.probability)).collect())
        }
        Err(reason) => Verdict::Failed(format!("{}: {reason}", picture.path.display())),
    }
}

/// All classes, likeliest first.
async fn predict(pool: &Pool, picture: &LabelledPicture, classes: usize) -> Result<Vec<Prediction>, String> {
    let encoded = tokio::fs::read(&picture.path).await.map_err(|error| error.to_string())?;
    let event = serde_json::json!({
        "httpMethod": "POST",
        "path": "/",
        "headers": {"accept": "application/json"},
        "queryString": {"top": classes.to_string()},
        "body": STANDARD.encode_to_string(encoded),
    });
    let event = EventFile::of(event.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let answer = pool.call(event, None).await.map_err(|error| error.to_string())?;
    if let Some(reason) = answer.outcome().failure() {
        return Err(reason.into_owned());
    }
    let answer: FunctionAnswer = serde_json::from_slice(&answer.stdout).map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(answer.body);
    }
    serde_json::from_str::<Predictions>(&answer.body)
        .map(|body| body.predictions)
        .map_err(|error| format!("the function's answer is not as expected: {error}"))
}

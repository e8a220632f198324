//! One event from a file or standard input; the answer on standard output.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use contract::Outcome;
use thiserror::Error;
use worker::answer::{CallError, Timings};
use worker::channel::EventFile;
use worker::sandbox::Needs;

use super::content_type;
use super::shutdown::Shutdown;
use super::{Requirements, Trigger, TriggerError};
use crate::console;
use crate::modules::OutputFile;
use crate::pool::{Handler, Pools};

/// One event, read before the module is loaded.
#[derive(Debug)]
pub struct RunTrigger {
    event: EventFile,
    output: Option<(PathBuf, OutputFile)>,
    with_timings: bool,
}

impl RunTrigger {
    /// Reads the event, of at most `limit` bytes; from standard input without a file.
    ///
    /// # Errors
    /// A file that can't be read is a wrong configuration; an event that is too large is a failure, as everything is
    /// that comes by standard input.
    pub fn read(file: Option<&Path>, limit: usize, with_timings: bool) -> Result<Self, TriggerError> {
        let event = read_event(file, limit).map_err(|error| match error {
            RunError::Read { .. } if file.is_some() => TriggerError::configuration(error),
            error => TriggerError::failed(error),
        })?;
        Ok(Self { event, output: None, with_timings })
    }

    /// The same with the answer in a file, whole or not at all.
    ///
    /// # Errors
    /// A place where no file can be written.
    pub fn with_output(self, path: &Path) -> Result<Self, TriggerError> {
        let unwritable = |reason| TriggerError::configuration(unwritable(path, reason));
        let output = OutputFile::at(path).map_err(unwritable)?;
        Ok(Self { output: Some((path.to_owned(), output)), ..self })
    }
}

impl Trigger for RunTrigger {
    type Opened = ();

    fn requirements(&self) -> Requirements {
        Requirements::default()
    }

    fn prepare(&self) -> Result<Needs, TriggerError> {
        let folder = self.output.as_ref().and_then(|(_, output)| output.folder());
        Ok(Needs { folders: folder.map(Path::to_owned).into_iter().collect(), ..Needs::default() })
    }

    async fn open(&self, _: &Pools) -> Result<(), TriggerError> {
        Ok(())
    }

    async fn serve(self, (): (), pools: &Pools, _: &Shutdown) -> Result<(), TriggerError> {
        answer(pools.first(), self.event, self.output, self.with_timings).await.map_err(TriggerError::failed)
    }
}

/// Why `vision run` has no answer.
#[derive(Debug, Error)]
pub enum RunError {
    /// The event can't be read.
    #[error("can't read the event from {from}: {reason}")]
    Read {
        /// The file, or standard input.
        from: String,
        /// The system's reason.
        reason: io::Error,
    },
    /// The engine had no answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The module ended without an answer: why, in its words where it said so.
    #[error("{0}")]
    NoAnswer(String),
    /// The answer can't be written.
    #[error("can't write the answer: {0}")]
    Write(io::Error),
    /// The answer can't be written to a file.
    #[error("can't write the answer to {file}: {reason}")]
    Output {
        /// Where it was to go.
        file: String,
        /// The system's reason.
        reason: io::Error,
    },
    /// The answer is no text, and somebody would see it as letters.
    #[error(
        "the answer is {content_type} of {bytes} bytes, which a terminal can't show; write it to a file: > FILE, or --output FILE"
    )]
    Terminal {
        /// What it is.
        content_type: &'static str,
        /// Its size.
        bytes: usize,
    },
}

fn unwritable(path: &Path, reason: io::Error) -> RunError {
    RunError::Output { file: path.display().to_string(), reason }
}

/// Reads the event; no more than a byte over `limit`, so that an endless input ends.
///
/// # Errors
/// [`RunError::Read`], or [`CallError::EventTooLarge`] for more than `limit` bytes.
fn read_event(file: Option<&Path>, limit: usize) -> Result<EventFile, RunError> {
    let from =
        file.map_or_else(|| "standard input".to_owned(), |file| PathBuf::from(file).display().to_string());
    let most = limit as u64 + 1;
    let read = || match file {
        Some(file) => {
            let file = std::fs::File::open(file)?;
            let size = file.metadata()?.len();
            Ok((EventFile::read_from(file.take(most))?, Some(size)))
        }
        None => Ok((EventFile::read_from(io::stdin().lock().take(most))?, None)),
    };
    let (event, size) = read().map_err(|reason| RunError::Read { from, reason })?;
    if event.len() > limit {
        let found = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(event.len());
        return Err(CallError::EventTooLarge { found, limit }.into());
    }
    Ok(event)
}

/// Answers the event on standard output, or in a file.
///
/// # Errors
/// See [`RunError`]; what the module printed is written to standard output even where it is no answer.
async fn answer(
    handler: &impl Handler,
    event: EventFile,
    output: Option<(PathBuf, OutputFile)>,
    with_timings: bool,
) -> Result<(), RunError> {
    let answer = handler.call(event, None).await?;
    if output.is_none() {
        print(&answer.stdout)?;
    }
    if with_timings {
        console::tell(describe(&answer.timings));
    }
    match answer.outcome() {
        Outcome::Answer { notice } => {
            if let Some((path, output)) = output {
                output.write(&answer.stdout).map_err(|reason| unwritable(&path, reason))?;
            }
            notice.into_iter().for_each(console::tell);
            Ok(())
        }
        failed => Err(RunError::NoAnswer(failed.failure().unwrap_or_default().into_owned())),
    }
}

/// Prints an answer, unless it would fill a terminal with the bytes of a picture.
fn print(answer: &[u8]) -> Result<(), RunError> {
    match content_type::of_binary(answer) {
        Some(content_type) if io::stdout().is_terminal() => {
            Err(RunError::Terminal { content_type, bytes: answer.len() })
        }
        _ => console::write(answer).map_err(RunError::Write),
    }
}

fn describe(timings: &Timings) -> String {
    let milliseconds = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    format!(
        "timings: instantiate {:.2} ms before the event; total {:.2} ms = guest {:.2} + image {:.2} + session {:.2} + inference {:.2}",
        milliseconds(timings.instantiate),
        milliseconds(timings.total),
        milliseconds(timings.guest()),
        milliseconds(timings.image),
        milliseconds(timings.session),
        milliseconds(timings.inference),
    )
}

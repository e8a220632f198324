//! Where rows go. An output that is there already tells which photos are done, and is gone on with.

mod done;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod resume;
mod table;

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use thiserror::Error;
#[cfg(feature = "parquet")]
use tokio::task::spawn_blocking;

use super::row::Row;
use super::settings::Format;
use crate::console;
#[cfg(feature = "parquet")]
use crate::trigger::shutdown::Shutdown;
pub(super) use done::Done;
use resume::Resumed;

/// Why rows can't go where they were to go.
#[derive(Debug, Error)]
pub(super) enum OutputError {
    /// The file.
    #[error("can't write to {path}: {reason}")]
    Unwritable {
        /// Its path.
        path: String,
        /// The system's reason.
        reason: io::Error,
    },
    /// Two processes would write each other's rows.
    #[error("another process writes to {0}")]
    InUse(String),
    /// It would be lost.
    #[error("{path} is there and no batch wrote it ({found}): name another file, or remove it")]
    Foreign {
        /// Its path.
        path: String,
        /// What was found instead.
        found: String,
    },
    /// There is nothing to go on with.
    #[error("--retry needs --output FILE with the answers of an earlier batch")]
    NothingToRetry,
    /// Parquet would be made anew without the rows that it has.
    #[cfg(feature = "parquet")]
    #[error("{0} is there, but not {0}.rows, which it was made of: name another file, or remove it")]
    RowsGone(String),
}

/// An output that takes rows.
#[derive(Debug)]
pub(super) struct Output {
    form: Form,
    to: To,
    /// What becomes of the rows when all are there.
    #[cfg(feature = "parquet")]
    parquet: Option<parquet::ParquetFile>,
}

/// A form in which rows follow each other in one stream of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Lines,
    Table,
}

#[derive(Debug)]
enum To {
    Standard,
    File(File),
}

impl Output {
    /// The output at `path`, or standard output without one, with what it has already. Rows with an error are taken out of it
    /// to be asked for again, where `retry` says so.
    ///
    /// # Errors
    /// See [`OutputError`].
    pub(super) fn open(
        path: Option<&Path>,
        format: Format,
        retry: bool,
    ) -> Result<(Self, Done), OutputError> {
        #[cfg(feature = "parquet")]
        if let (Some(path), Format::Parquet) = (path, format) {
            let (parquet, rows) = parquet::ParquetFile::at(path)?;
            let (output, done) = Self::open(Some(&rows), Format::Jsonl, retry)?;
            return Ok((Self { parquet: Some(parquet), ..output }, done));
        }
        let form = match format {
            Format::Jsonl | Format::Parquet => Form::Lines,
            Format::Csv => Form::Table,
        };
        let Some(path) = path else {
            if retry {
                return Err(OutputError::NothingToRetry);
            }
            let mut output = Self::new(form, To::Standard);
            let name = || PathBuf::from("standard output");
            output.begin().map_err(|reason| unwritable(&name(), reason))?;
            return Ok((output, Done::default()));
        };
        let mut file = locked(path)?;
        let Resumed { done, end, failed } = resume::read(&mut file, form).map_err(|error| match error {
            resume::ResumeError::Io(reason) => unwritable(path, reason),
            resume::ResumeError::Foreign(found) => {
                OutputError::Foreign { path: path.display().to_string(), found }
            }
        })?;
        let (file, done) = if retry && !failed.is_empty() {
            let file = resume::without(&mut file, &failed, end, path);
            (file.map_err(|reason| unwritable(path, reason))?, done.without_failed())
        } else {
            file.set_len(end).map_err(|reason| unwritable(path, reason))?;
            (file, done)
        };
        let mut output = Self::new(form, To::File(file));
        output.begin().map_err(|reason| unwritable(path, reason))?;
        Ok((output, done))
    }

    fn new(form: Form, to: To) -> Self {
        Self {
            form,
            to,
            #[cfg(feature = "parquet")]
            parquet: None,
        }
    }

    /// The folder in which a file is made at the end; none if there is none to make.
    pub(super) fn folder(&self) -> Option<&Path> {
        #[cfg(feature = "parquet")]
        let folder = self.parquet.as_ref().and_then(parquet::ParquetFile::folder);
        #[cfg(not(feature = "parquet"))]
        let folder = None;
        folder
    }

    /// Goes to the end, and writes what comes before all rows if nothing is there.
    fn begin(&mut self) -> io::Result<()> {
        let is_empty = match &mut self.to {
            To::Standard => true,
            To::File(file) => file.seek(SeekFrom::End(0))? == 0,
        };
        match self.form {
            Form::Table if is_empty => self.write_all(&table::head()),
            Form::Table | Form::Lines => Ok(()),
        }
    }

    /// Writes a row, whole or, where the system stops in its middle, as a start that is told from a row.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn write(&mut self, row: &Row) -> io::Result<()> {
        let bytes = match self.form {
            Form::Lines => lines::line(row)?,
            Form::Table => table::record(row)?,
        };
        self.write_all(&bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.to {
            To::Standard => console::write(bytes),
            To::File(file) => file.write_all(bytes),
        }
    }

    /// Makes sure that what was written stays, whatever happens to the machine.
    ///
    /// # Errors
    /// The system's reason.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Standard => Ok(()),
            To::File(file) => match file.sync_data() {
                // A terminal or a pipe.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
                done => done,
            },
        }
    }

    /// Makes what is made of the rows when all are there. It is not made if `shutdown` is asked for before it is done.
    ///
    /// # Errors
    /// The system's reason; what was there is as it was.
    #[cfg(feature = "parquet")]
    pub(super) async fn complete(&mut self, shutdown: &Shutdown) -> io::Result<()> {
        let (Some(parquet), To::File(rows)) = (self.parquet.take(), &self.to) else { return Ok(()) };
        let (mut rows, shutdown) = (rows.try_clone()?, shutdown.clone());
        let made = spawn_blocking(move || parquet.write(&mut rows, || shutdown.is_asked()));
        made.await.map_err(io::Error::other)?.map(drop)
    }

    /// Whether the same command can go on with it.
    pub(super) fn is_resumable(&self) -> bool {
        matches!(self.to, To::File(_))
    }
}

fn unwritable(path: &Path, reason: io::Error) -> OutputError {
    OutputError::Unwritable { path: path.display().to_string(), reason }
}

/// The file, which nobody else writes to as long as this process has it.
fn locked(path: &Path) -> Result<File, OutputError> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = open.map_err(|reason| unwritable(path, reason))?;
    if !file.metadata().map_err(|reason| unwritable(path, reason))?.is_file() {
        return Err(OutputError::Foreign {
            path: path.display().to_string(),
            found: "it is no file".to_owned(),
        });
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(OutputError::InUse(path.display().to_string())),
        // Some network file systems have no locks.
        _ => Ok(file),
    }
}

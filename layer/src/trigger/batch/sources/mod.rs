//! Where photos come from: a folder, a list or a bucket. Names are told one after another, never held all at once.

mod bucket;
mod folder;
mod list;
mod photo_file;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn, spawn_blocking};
use worker::channel::EventFile;
use worker::sandbox::{Needs, Network};

use super::photo_name::PhotoName;
use super::question::Question;
use super::row::Problem;
use super::settings::BatchArgs;
use crate::trigger::objects::s3::S3;
use bucket::Bucket;
use folder::Folder;
use list::List;

/// Something that was seen on the way through a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// A photo.
    Photo(PhotoName),
    /// A link that is not followed.
    Link,
    /// A link that leads back to a folder that it is in.
    Loop(String),
    /// Something that may hold photos can't be looked into: what, and why.
    Unseen(String),
}

/// Who is told of what was seen.
pub(super) trait Sink {
    /// Break ends the way.
    fn see(&mut self, sight: Sight) -> ControlFlow<()>;
}

impl<F: FnMut(Sight) -> ControlFlow<()>> Sink for F {
    fn see(&mut self, sight: Sight) -> ControlFlow<()> {
        self(sight)
    }
}

/// Why there is nothing to read photos from.
#[derive(Debug, Error)]
pub(super) enum SourceError {
    /// A folder or a list.
    #[error("can't read {path}: {reason}")]
    Unreadable {
        /// What was named.
        path: String,
        /// Why.
        reason: io::Error,
    },
    /// A picture was named where a list is meant.
    #[error("{0} is a picture: name a folder or a list of pictures, or use `vision run {0}`")]
    Picture(String),
    /// An address of a bucket.
    #[error("{0}")]
    Bucket(String),
}

/// Names that are on their way from the source to the workers.
const NAMES_AHEAD: usize = 256;

/// Where photos come from.
#[derive(Debug)]
pub(super) enum Source {
    Folder(Folder),
    List { list: List, reading: Mutex<Option<Lines>>, counting: Mutex<Option<File>> },
    Bucket(Arc<Bucket>),
}

/// The lines of a list.
#[derive(Debug)]
pub(super) enum Lines {
    Standard,
    File(File),
}

/// How a photo is fetched; cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Fetch {
    Files(PathBuf),
    Objects(Arc<Bucket>),
}

impl Source {
    /// The source that `arguments` name.
    ///
    /// # Errors
    /// It is not there, or makes no sense.
    pub(super) fn open(arguments: &BatchArgs) -> Result<Self, SourceError> {
        let named = &arguments.source;
        if let Some(bucket) = Bucket::at(named, arguments).map_err(SourceError::Bucket)? {
            return Ok(Self::Bucket(Arc::new(bucket)));
        }
        let end = if arguments.null { 0 } else { b'\n' };
        if named.as_bytes() == b"-" {
            return Ok(Self::list(List { folder: PathBuf::new(), end }, Lines::Standard, None));
        }
        let path = PathBuf::from(named);
        let unreadable = |reason| SourceError::Unreadable { path: path.display().to_string(), reason };
        let kind = std::fs::metadata(&path).map_err(unreadable)?;
        if kind.is_dir() {
            std::fs::read_dir(&path).map_err(unreadable)?;
            let (follows_links, every_file) = (arguments.follow, arguments.every_file);
            return Ok(Self::Folder(Folder { path, follows_links, every_file }));
        }
        let list = List { folder: path.parent().unwrap_or(Path::new("")).to_owned(), end };
        let mut reading = File::open(&path).map_err(unreadable)?;
        // Only files can be read twice; not what a shell gives for <(find …).
        if !kind.is_file() {
            return Ok(Self::list(list, Lines::File(reading), None));
        }
        let mut start = [0; 4];
        let read = reading.read(&mut start).and_then(|read| reading.rewind().map(|()| read));
        let start = start.get(..read.map_err(unreadable)?).unwrap_or_default();
        if start.starts_with(b"\xFF\xD8\xFF") || start.starts_with(b"\x89PNG") {
            return Err(SourceError::Picture(path.display().to_string()));
        }
        let counting = File::open(&path).map_err(unreadable)?;
        Ok(Self::list(list, Lines::File(reading), Some(counting)))
    }

    fn list(list: List, reading: Lines, counting: Option<File>) -> Self {
        Self::List { list, reading: Mutex::new(Some(reading)), counting: Mutex::new(counting) }
    }

    /// What the process keeps to read photos.
    pub(super) fn needs(&self) -> Needs {
        let everywhere = || Needs { read_folders: vec!["/".into()], ..Needs::default() };
        match self {
            Self::Folder(folder) if !folder.follows_links => {
                Needs { read_folders: vec![folder.path.clone()], ..Needs::default() }
            }
            // Links and lists may name any file.
            Self::Folder(_) | Self::List { .. } => everywhere(),
            Self::Bucket(_) => Needs {
                files: S3::files(),
                network: Network { connect: true, ..Network::default() },
                ..Needs::default()
            },
        }
    }

    /// Tells of all photos, each `sight` after the one before was taken.
    pub(super) fn sights(&self) -> mpsc::Receiver<Sight> {
        let (sender, sights) = mpsc::channel(NAMES_AHEAD);
        let blocking = sender.clone();
        let mut sink = move |sight| match blocking.blocking_send(sight) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        };
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                spawn_blocking(move || folder.each(&mut sink));
            }
            Self::List { list, reading, .. } => {
                let (list, lines) = (list.clone(), taken(reading));
                spawn_blocking(move || match lines {
                    Some(Lines::Standard) => list.each(io::stdin().lock(), &mut sink),
                    Some(Lines::File(file)) => list.each(file, &mut sink),
                    None => ControlFlow::Continue(()),
                });
            }
            Self::Bucket(bucket) => drop(spawn(tell(Arc::clone(bucket), sender))),
        }
        sights
    }

    /// Counts the photos that `is_wanted`, on a thread of its own; nothing where a list can be read only once.
    pub(super) fn count(
        &self,
        is_wanted: impl Fn(&PhotoName) -> bool + Send + 'static,
    ) -> Option<JoinHandle<u64>> {
        Some(match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                spawn_blocking(move || Counter::of(is_wanted, |counter| folder.each(counter)))
            }
            Self::List { list, counting, .. } => {
                let (list, file) = (list.clone(), taken(counting)?);
                spawn_blocking(move || Counter::of(is_wanted, |counter| list.each(&file, counter)))
            }
            Self::Bucket(bucket) => spawn(count(Arc::clone(bucket), is_wanted)),
        })
    }

    /// How its photos are fetched.
    pub(super) fn fetch(&self) -> Fetch {
        match self {
            Self::Folder(folder) => Fetch::Files(folder.path.clone()),
            Self::List { list, .. } => Fetch::Files(list.folder.clone()),
            Self::Bucket(bucket) => Fetch::Objects(Arc::clone(bucket)),
        }
    }
}

impl Fetch {
    /// The event of a photo of at most `limit` bytes.
    ///
    /// # Errors
    /// What the photo's row says then.
    pub(super) async fn event(
        &self,
        name: &PhotoName,
        question: &Arc<Question>,
        limit: usize,
    ) -> Result<EventFile, Problem> {
        let question = Arc::clone(question);
        // What was read becomes an event on the same thread: base64 of megabytes would keep others waiting.
        let event = match self {
            Self::Files(folder) => {
                let path = folder.join(name.path());
                spawn_blocking(move || question.of(&photo_file::read(&path, limit)?)).await
            }
            Self::Objects(bucket) => {
                let photo = bucket.object(name, limit).await?;
                spawn_blocking(move || question.of(&photo)).await
            }
        };
        event.unwrap_or_else(|error| Err(Problem::new(super::row::UNREADABLE, error.to_string())))
    }
}

/// Tells of everything in a bucket. On a task, not a thread: the end of the process does not wait for a storage.
async fn tell(bucket: Arc<Bucket>, sender: mpsc::Sender<Sight>) {
    let mut sights = pin!(bucket.sights());
    while let Some(sight) = sights.next().await {
        if sender.send(sight).await.is_err() {
            return;
        }
    }
}

async fn count(bucket: Arc<Bucket>, is_wanted: impl Fn(&PhotoName) -> bool + Send) -> u64 {
    let mut counter = Counter { is_wanted, count: 0 };
    let mut sights = pin!(bucket.sights());
    while let Some(sight) = sights.next().await {
        counter.add(&sight);
    }
    counter.count
}

struct Counter<W> {
    is_wanted: W,
    count: u64,
}

impl<W: Fn(&PhotoName) -> bool> Counter<W> {
    /// The photos that `each` tells of, which is never cut short.
    fn of(is_wanted: W, each: impl FnOnce(&mut Self) -> ControlFlow<()>) -> u64 {
        let mut counter = Self { is_wanted, count: 0 };
        let _ = each(&mut counter);
        counter.count
    }

    fn add(&mut self, sight: &Sight) {
        if let Sight::Photo(name) = sight {
            self.count += u64::from((self.is_wanted)(name));
        }
    }
}

impl<W: Fn(&PhotoName) -> bool> Sink for Counter<W> {
    fn see(&mut self, sight: Sight) -> ControlFlow<()> {
        self.add(&sight);
        ControlFlow::Continue(())
    }
}

fn taken<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Whether `named` is an address of a bucket of this scheme, and what comes after it.
fn after_scheme<'a>(named: &'a OsStr, scheme: &str) -> Option<&'a str> {
    named.to_str()?.strip_prefix(scheme)?.strip_prefix("://")
}

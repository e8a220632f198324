//! The file of a history: for its owner's eyes, and noticed when it is gone.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::history::error::HistoryError;

/// The owner reads and writes; SQLite gives the files that it puts beside the same mode.
const MODE: u32 = 0o600;

/// Room for what is in SQLite's log and not yet in its file ([`super::sqlite::LOG_PAGES`]), twice.
const RESERVE_BYTES: usize = 1 << 20;

/// A file that is there, by which file it is.
#[derive(Clone, Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// What stands in the path of an SQLite URL as it is.
const PATH_CHARACTERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

impl DatabaseFile {
    /// The file at `path`; an empty one is made where there is none.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let opened = open(path).and_then(|file| file.metadata());
        let metadata = opened.map_err(|error| unusable(path, &error))?;
        Ok(Self { path: path.to_owned(), identity: (metadata.dev(), metadata.ino()) })
    }

    /// The URL by which SQLite opens the file, which must be there.
    pub(super) fn url(&self) -> String {
        let path = self.path.to_string_lossy();
        format!("sqlite://{}?mode=rw", utf8_percent_encode(&path, PATH_CHARACTERS))
    }

    /// Keeps some room on the disk, beside the file.
    pub(super) fn hold_reserve(&self) {
        let path = self.reserve();
        if path.exists() {
            return;
        }
        if let Err(error) = open(&path).and_then(|mut file| file.write_all(&[0; RESERVE_BYTES])) {
            tracing::warn!(%error, "there is no room for deleting from the history once the disk is full");
            self.give_up_reserve();
        }
    }

    /// Gives that room up.
    pub(super) fn give_up_reserve(&self) {
        drop(std::fs::remove_file(self.reserve()));
    }

    fn reserve(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push("-reserve");
        path.into()
    }

    /// Whether the path still leads to the file.
    ///
    /// # Errors
    /// [`HistoryError::Gone`]: what is written now would be lost.
    pub(super) fn check(&self) -> Result<(), HistoryError> {
        match std::fs::metadata(&self.path) {
            Ok(metadata) if (metadata.dev(), metadata.ino()) == self.identity => Ok(()),
            _ => Err(HistoryError::Gone(self.path.display().to_string())),
        }
    }
}

/// Makes the file at `path` its owner's alone, and what SQLite has left beside it, before anybody reads or writes it.
///
/// # Errors
/// It can't be made or written.
pub(in crate::history) fn prepare(path: &Path) -> Result<(), HistoryError> {
    let file = open(path).map_err(|error| unusable(path, &error))?;
    let mine = || Permissions::from_mode(MODE);
    let beside = ["-wal", "-shm"].map(|suffix| {
        let mut path = path.as_os_str().to_owned();
        path.push(suffix);
        path
    });
    let restricted = file.set_permissions(mine()).and_then(|()| {
        beside
            .iter()
            .filter(|path| Path::new(path).exists())
            .try_for_each(|path| std::fs::set_permissions(path, mine()))
    });
    if let Err(error) = restricted {
        tracing::warn!(%error, "others may be able to read the history in {}", path.display());
    }
    Ok(())
}

/// Makes the folder of `path`, for its owner alone.
///
/// # Errors
/// It can't be made.
pub(in crate::history) fn make_folder(path: &Path) -> Result<(), HistoryError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| unusable(folder, &error))
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(MODE).open(path)
}

fn unusable(path: &Path, error: &io::Error) -> HistoryError {
    HistoryError::Unusable {
        reason: format!("{}: {error}", path.display()),
        remedy: "let this user write the file and its folder, or name another file with --history FILE",
    }
}

//! The file of a history: for its owner's eyes, and noticed when it is gone. A path may lead to anything; what is not a file of
//! ours stays as it is.

use std::fs::{DirBuilder, File, FileType, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::fs::OFlags;

use crate::history::error::HistoryError;

/// The owner reads and writes; SQLite gives the files that it puts beside the same mode.
const MODE: u32 = 0o600;

/// Room for what is in SQLite's log and not yet in its file ([`super::sqlite::LOG_PAGES`]), twice.
const RESERVE_BYTES: usize = 1 << 20;

/// How a database begins (<https://www.sqlite.org/fileformat.html>).
const DATABASE: &[u8] = b"SQLite format 3\0";

/// The files that SQLite puts beside a database, and how each begins where it is not empty: the log, in either order of
/// bytes; its index; the journal. Any of them may be of zeros, before its beginning is written or when it is done.
const BESIDE: [(&str, &[&[u8]]); 3] = [
    ("-wal", &[b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", &[0; 4]]),
    ("-shm", &[&INDEX_VERSION, &[0; 4]]),
    ("-journal", &[b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", &[0; 8]]),
];
const INDEX_VERSION: [u8; 4] = 3_007_000_u32.to_ne_bytes();

/// A file that is there, by which file it is.
#[derive(Clone, Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: (u64, u64),
}

/// What stands in the path of an SQLite URL as it is.
const PATH_CHARACTERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

impl DatabaseFile {
    /// The file at `path`, of SQLite as far as its beginning tells; an empty one is made where there is none. A link is
    /// followed to a file. Nothing that was there before is changed.
    ///
    /// # Errors
    /// It can't be written, or there is something else at the path or where SQLite puts its files.
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let metadata = open_database(path)?;
        // SQLite puts its files beside what a link leads to.
        let path = path.canonicalize().map_err(|error| unusable(path, &error))?;
        for (suffix, beginnings) in BESIDE {
            check_beside(&with(&path, suffix), beginnings, &metadata)?;
        }
        Ok(Self { path, identity: identity(&metadata) })
    }

    /// Makes the file, and what SQLite has put beside it, its owner's alone. To be called once it is known that the database
    /// is ours.
    pub(super) fn restrict(&self) {
        let beside = BESIDE.map(|(suffix, _)| with(&self.path, suffix));
        for path in [&self.path].into_iter().chain(&beside) {
            let restricted = match open(path, OpenOptions::new().read(true)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                opened => opened.and_then(|file| restrict(&file)),
            };
            if let Err(error) = restricted {
                tracing::warn!(%error, "others may be able to read the history in {}", path.display());
            }
        }
    }

    /// The URL by which SQLite opens the file, which must be there.
    pub(super) fn url(&self) -> String {
        let path = self.path.to_string_lossy();
        format!("sqlite://{}?mode=rw", utf8_percent_encode(&path, PATH_CHARACTERS))
    }

    /// Keeps some room on the disk, beside the file.
    pub(super) fn hold_reserve(&self) {
        let path = self.reserve();
        let created = match open(&path, OpenOptions::new().write(true).create_new(true).mode(MODE)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !is_reserve(&path) {
                    tracing::warn!(
                        "{} is not of this program, so no room is kept for deleting from the history once the disk is full",
                        path.display()
                    );
                }
                return;
            }
            created => created,
        };
        if let Err(error) = created.and_then(|mut file| file.write_all(&[0; RESERVE_BYTES])) {
            tracing::warn!(%error, "there is no room for deleting from the history once the disk is full");
            self.give_up_reserve();
        }
    }

    /// Gives that room up.
    pub(super) fn give_up_reserve(&self) {
        let path = self.reserve();
        if is_reserve(&path) {
            drop(std::fs::remove_file(path));
        }
    }

    fn reserve(&self) -> PathBuf {
        with(&self.path, "-reserve")
    }

    /// Whether the path still leads to the file.
    ///
    /// # Errors
    /// [`HistoryError::Gone`]: what is written now would be lost.
    pub(super) fn check(&self) -> Result<(), HistoryError> {
        match std::fs::metadata(&self.path) {
            Ok(metadata) if identity(&metadata) == self.identity => Ok(()),
            _ => Err(HistoryError::Gone(self.path.display().to_string())),
        }
    }
}

/// Makes the file at `path`, for its owner alone, where there is none, and checks that one which is there may be ours.
///
/// # Errors
/// As for [`DatabaseFile::open`].
pub(in crate::history) fn prepare(path: &Path) -> Result<(), HistoryError> {
    DatabaseFile::open(path).map(drop)
}

/// Makes the folder of `path`, for its owner alone.
///
/// # Errors
/// It can't be made.
pub(in crate::history) fn make_folder(path: &Path) -> Result<(), HistoryError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| unusable(folder, &error))
}

/// What is known of the database at `path`, which is made where there is none.
fn open_database(path: &Path) -> Result<Metadata, HistoryError> {
    // Opening a device may set something off, so it is not even tried.
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let mut file = match std::fs::metadata(path) {
        Ok(there) if there.is_file() => open_followed(path, &mut options),
        Ok(there) => return Err(is_something_else(path, there.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if std::fs::symlink_metadata(path).is_ok() {
                return Err(is_not_ours(path, "is a link that leads to nothing"));
            }
            open(path, options.create_new(true).mode(MODE))
        }
        Err(error) => Err(error),
    }
    .map_err(|error| unusable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unusable(path, &error))?;
    if !metadata.is_file() {
        return Err(is_something_else(path, metadata.file_type()));
    }
    if begins(&mut file, &[DATABASE]).map_err(|error| unusable(path, &error))? {
        return Ok(metadata);
    }
    Err(is_not_ours(path, "is a file, but none of SQLite"))
}

/// Checks that what is at `path` is SQLite's, beside a database of which `database` is known.
fn check_beside(path: &Path, beginnings: &[&[u8]], database: &Metadata) -> Result<(), HistoryError> {
    let there = match std::fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(path, &error)),
    };
    if !there.is_file() {
        return Err(is_something_else(path, there.file_type()));
    }
    if ![database.uid(), rustix::process::geteuid().as_raw()].contains(&there.uid()) {
        return Err(is_not_ours(path, "belongs to another user than the history"));
    }
    let begins = open(path, OpenOptions::new().read(true)).and_then(|mut file| begins(&mut file, beginnings));
    if begins.map_err(|error| unusable(path, &error))? {
        return Ok(());
    }
    Err(is_not_ours(path, "stands where SQLite puts a file of its own, and is none of SQLite"))
}

/// Whether a file is empty or begins like one of these.
fn begins(file: &mut File, beginnings: &[&[u8]]) -> io::Result<bool> {
    let mut first = Vec::new();
    file.take(DATABASE.len() as u64).read_to_end(&mut first)?;
    Ok(first.is_empty() || beginnings.iter().any(|beginning| first.starts_with(beginning)))
}

/// Whether there is a file at `path` as [`DatabaseFile::hold_reserve`] writes it, perhaps not to its end.
fn is_reserve(path: &Path) -> bool {
    let read = || {
        let mut bytes = Vec::new();
        let file = open(path, OpenOptions::new().read(true))?;
        if file.metadata()?.is_file() {
            file.take(RESERVE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        }
        Ok::<_, io::Error>(bytes)
    };
    read()
        .is_ok_and(|bytes| (1..=RESERVE_BYTES).contains(&bytes.len()) && bytes.iter().all(|byte| *byte == 0))
}

fn restrict(file: &File) -> io::Result<()> {
    if file.metadata()?.permissions().mode() & 0o777 == MODE {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(MODE))
}

/// Opens what is at `path` itself, without waiting where it has become a pipe meanwhile.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW).bits().cast_signed())
        .open(path)
}

/// The same through a link.
fn open_followed(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed()).open(path)
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn is_something_else(path: &Path, kind: FileType) -> HistoryError {
    is_not_ours(
        path,
        match kind {
            kind if kind.is_dir() => "is a folder",
            kind if kind.is_fifo() => "is a pipe (FIFO)",
            kind if kind.is_socket() => "is a socket",
            kind if kind.is_char_device() || kind.is_block_device() => "is a device",
            kind if kind.is_symlink() => "is a link",
            _ => "is no file",
        },
    )
}

fn is_not_ours(path: &Path, what: &str) -> HistoryError {
    HistoryError::Unusable {
        reason: format!("{} {what}", path.display()),
        remedy: "it was left as it is; move it away and a new file is made, or name another one with --history FILE",
    }
}

fn unusable(path: &Path, error: &io::Error) -> HistoryError {
    HistoryError::Unusable {
        reason: format!("{}: {error}", path.display()),
        remedy: "let this user write the file and its folder, or name another file with --history FILE",
    }
}

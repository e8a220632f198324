//! Writing a file whole or not at all.

use std::fs::{File, FileType, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Makes the file at `path` have these bytes: whole, or it stays as it was. Where there is a character device or a pipe, they
/// are written to it.
///
/// # Errors
/// The system's reason, or what is there that can't be written to; it stays as it was.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OutputFile::at(path)?.write(bytes)
}

/// A file that is going to be written whole or not at all. Everything is looked up before, so that later the rights to its
/// [folder](Self::folder) are enough.
#[derive(Debug)]
pub struct OutputFile(Place);

#[derive(Debug)]
enum Place {
    /// A file, or a place for one.
    InFolder { folder: PathBuf, path: PathBuf, mode: u32 },
    /// A character device or a pipe, open.
    Through(File),
}

impl OutputFile {
    /// The file at `path`, which need not be there.
    ///
    /// # Errors
    /// The system's reason, or what is there that can't be written to.
    pub fn at(path: &Path) -> io::Result<Self> {
        // A link stays one; what it leads to is replaced.
        let path = match std::fs::canonicalize(path) {
            Ok(path) => path,
            Err(_) if std::fs::symlink_metadata(path).is_ok() => {
                return Err(io::Error::other("it is a link that leads to nothing"));
            }
            Err(_) => path.to_owned(),
        };
        let there = std::fs::metadata(&path).ok();
        if let Some(kind) = there.as_ref().map(Metadata::file_type).filter(|kind| !kind.is_file()) {
            return open_through(&path, kind).map(|file| Self(Place::Through(file)));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !std::fs::metadata(folder)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        // Not the right to run as its owner, who may have been another one.
        let mode = there.map_or_else(|| 0o666 & !umask(), |there| there.permissions().mode() & 0o777);
        Ok(Self(Place::InFolder { folder: folder.to_owned(), path, mode }))
    }

    /// The folder in which a file is made and renamed; none for a device or a pipe.
    pub fn folder(&self) -> Option<&Path> {
        match &self.0 {
            Place::InFolder { folder, .. } => Some(folder),
            Place::Through(_) => None,
        }
    }

    /// Writes these bytes.
    ///
    /// # Errors
    /// The system's reason; a file is as it was.
    pub fn write(self, bytes: &[u8]) -> io::Result<()> {
        self.write_with(|file| file.write_all(bytes))
    }

    /// Writes what `fill` writes into the file that it gets.
    ///
    /// # Errors
    /// Its reason, or the system's; a file is as it was.
    pub fn write_with(self, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        match self.0 {
            Place::Through(mut file) => fill(&mut file),
            Place::InFolder { folder, path, mode } => {
                let mut file = tempfile::Builder::new()
                    .prefix(".vision-")
                    .permissions(Permissions::from_mode(mode))
                    .tempfile_in(folder)?;
                fill(file.as_file_mut())?;
                file.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

fn open_through(path: &Path, kind: FileType) -> io::Result<File> {
    if kind.is_char_device() || kind.is_fifo() {
        return OpenOptions::new().write(true).open(path);
    }
    let what = if kind.is_dir() {
        "a folder"
    } else if kind.is_block_device() {
        "a device with a file system or its parts"
    } else {
        "a socket"
    };
    Err(io::Error::other(format!("it is {what}; accepted are files, pipes and character devices")))
}

/// What new files may not be (umask(2)), as the system tells it (proc(5)).
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.wasm");
        for text in ["first", "second"] {
            replace_file(&file, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_stays_a_device_and_a_link_a_link() {
        replace_file(Path::new("/dev/null"), b"bytes").unwrap();
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace_file(&link, b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn what_can_t_be_written_to_is_named_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink(at("nothing"), at("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        for (name, what) in
            [("link", "a link that leads to nothing"), ("socket", "a socket"), ("folder", "a folder")]
        {
            let error = replace_file(&at(name), b"bytes").unwrap_err().to_string();
            assert!(error.contains(what), "{name}: {error}");
        }
        assert!(std::fs::symlink_metadata(at("link")).unwrap().is_symlink() && !at("nothing").exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let error = OutputFile::at(&folder.path().join("none/out.png")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let file = OutputFile::at(&folder.path().join("out.png")).unwrap();
        assert_eq!(file.folder().unwrap(), folder.path());
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_keeps_its_rights_but_not_that_to_run_as_its_owner() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, kept) in [(0o640, 0o640), (0o4755, 0o755), (0o2755, 0o755)] {
            std::fs::set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            replace_file(file.path(), b"bytes").unwrap();
            assert_eq!(std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o7777, kept);
        }
    }
}

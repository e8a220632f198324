//! Writing a file whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

/// Makes the file at `path` have these bytes: whole, or it stays as it was. Where there is something else than a file, such
/// as a device or a pipe, they are written to it.
///
/// # Errors
/// The system's reason.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays one; what it leads to is replaced.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let there = std::fs::metadata(path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return write_through(path, bytes);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = there.map_or(0o666 & !umask(), |there| there.permissions().mode());
    let mut file = tempfile::Builder::new()
        .prefix(".vision-")
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_char_device() || kind.is_fifo() {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    // A folder, a block device or a socket: the system says why not.
    File::create(path).and_then(|_| Err(io::Error::from(io::ErrorKind::InvalidInput)))
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
        assert!(replace_file(folder.path(), b"bytes").is_err());
    }
}

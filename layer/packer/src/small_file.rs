//! Files of text that somebody names: read up to a limit, and no device or pipe, which need not end.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::error::PackError;

/// Opens nothing that waits for a writer (`O_NONBLOCK` of Linux).
const NOT_WAITING: i32 = 0o4000;

/// The bytes of a file, which has at most `limit`.
///
/// # Errors
/// [`PackError::Unreadable`]: the system's reason, no plain file, or more bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, PackError> {
    let unreadable = |reason: String| PackError::Unreadable { file: path.display().to_string(), reason };
    let failed = |error: std::io::Error| unreadable(error.to_string());
    let file = OpenOptions::new().read(true).custom_flags(NOT_WAITING).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(unreadable("it is no plain file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        let length = metadata.len();
        return Err(unreadable(format!("it has {length} bytes, accepted are up to {limit}")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_within_the_limit_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("labels.txt");
        std::fs::write(&file, "cat\ndog\n").unwrap();
        assert_eq!(read(&file, 8).unwrap(), b"cat\ndog\n");
        for (path, limit, reason) in [
            (file.as_path(), 7, "it has 8 bytes, accepted are up to 7"),
            (Path::new("/dev/zero"), 7, "it is no plain file"),
            (folder.path(), 7, "it is no plain file"),
        ] {
            let told = read(path, limit).unwrap_err().to_string();
            assert!(told.contains(reason), "{told}");
        }
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("labels.txt");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(read(&pipe, 7).unwrap_err().to_string().contains("it is no plain file"));
    }
}

//! A photo in a file.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use contract::ErrorCode;
use rustix::fs::OFlags;

use crate::trigger::batch::row::{NOT_FOUND, Problem, UNREADABLE};

/// Reads a photo of at most `limit` bytes. Nothing but files is read: a pipe or a terminal may never end, or never begin.
///
/// # Errors
/// What the photo's row says then.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Problem> {
    let problem = |error: std::io::Error| {
        let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { UNREADABLE };
        Problem::new(code, error.to_string())
    };
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(problem)?;
    let metadata = file.metadata().map_err(problem)?;
    if !metadata.is_file() {
        return Err(Problem::new(UNREADABLE, "it is no file"));
    }
    let too_large = |found: u64| {
        let message = format!("the photo has {found} bytes, accepted are up to {limit} (--photo-limit)");
        Problem::new(ErrorCode::TooLarge.name(), message)
    };
    if metadata.len() > limit as u64 {
        return Err(too_large(metadata.len()));
    }
    let mut photo = Vec::with_capacity(metadata.len() as usize);
    file.take(limit as u64 + 1).read_to_end(&mut photo).map_err(problem)?;
    if photo.len() > limit { Err(too_large(photo.len() as u64)) } else { Ok(photo) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_within_the_limit_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.jpg");
        std::fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert_eq!(read(&file, 4).unwrap_err().code, "too_large");
        assert_eq!(read(&folder.path().join("b.jpg"), 5).unwrap_err().code, NOT_FOUND);
        let pipe = folder.path().join("pipe.jpg");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        for path in [folder.path(), &pipe, Path::new("/dev/null")] {
            assert_eq!(read(path, 5).unwrap_err().code, UNREADABLE, "{path:?}");
        }
    }
}

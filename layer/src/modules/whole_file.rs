//! Files that are read whole, into memory that nobody changes afterwards.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use worker::Sha256Sum;
use worker::channel::{map_sealed, memory_file, seal};

use super::module_file::all_of;

/// A copy in memory of the file at `path`, of at most `limit` bytes.
///
/// # Errors
/// A sentence: the system's reason, or what is wrong with the file.
pub(super) fn read_whole(path: &Path, limit: usize) -> Result<File, String> {
    let system = |error: io::Error| error.to_string();
    let file = File::open(path).map_err(system)?;
    let metadata = file.metadata().map_err(system)?;
    if metadata.is_dir() {
        return Err("it is a folder".to_owned());
    }
    let limit_mib = limit >> 20;
    if metadata.is_file() && metadata.len() > limit as u64 {
        let found = metadata.len().div_ceil(1 << 20);
        return Err(format!("it has {found} MiB, accepted are up to {limit_mib}"));
    }
    let mut file = file.take(limit as u64 + 1);
    let mut kept = memory_file("read").map_err(system)?;
    io::copy(&mut file, &mut kept).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            "it is larger than the files that this process may make (ulimit -f)".to_owned()
        }
        _ => error.to_string(),
    })?;
    // Kernels before 3.17 have no seals; nobody else has the file.
    let _ = seal(&kept);
    if kept.metadata().map_err(system)?.len() > limit as u64 {
        return Err(format!("it does not end within the {limit_mib} MiB that are accepted"));
    }
    Ok(kept)
}

/// The sum of a file in memory.
///
/// # Errors
/// The system's reason.
pub(super) fn sum_of(file: &File) -> io::Result<Sha256Sum> {
    Ok(match map_sealed(file)? {
        Some(bytes) => Sha256Sum::of(&bytes),
        None => Sha256Sum::of(&all_of(file)?),
    })
}

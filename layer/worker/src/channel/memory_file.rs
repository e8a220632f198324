//! Files in memory.

use std::fs::File;
use std::io;

use rustix::fs::{MemfdFlags, memfd_create};

/// A file in memory; on kernels before 3.17, which have none, one without a name in the folder for temporary files.
///
/// # Errors
/// The system's reason.
pub fn memory_file(name: &str) -> io::Result<File> {
    match memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING) {
        Ok(file) => Ok(file.into()),
        Err(rustix::io::Errno::NOSYS) => tempfile::tempfile(),
        Err(error) => Err(error.into()),
    }
}

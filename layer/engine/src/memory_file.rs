//! Files in memory.

use std::fs::File;
use std::io;

use memmap2::Mmap;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create};
use rustix::io::Errno;

/// A file in memory; where there are none (kernels before 3.17, profiles of containers that forbid the call), one without a
/// name in the folder for temporary files.
///
/// # Errors
/// The system's reason.
pub fn memory_file(name: &str) -> io::Result<File> {
    match memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING) {
        Ok(file) => Ok(file.into()),
        Err(Errno::NOSYS | Errno::PERM) => tempfile::tempfile(),
        Err(error) => Err(error.into()),
    }
}

/// Has nobody change this file in memory any more, or make it longer or shorter.
///
/// # Errors
/// Kernels before 3.17 have no seals, nor have files of other kinds.
pub fn seal(file: &File) -> io::Result<()> {
    Ok(fcntl_add_seals(file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?)
}

/// The bytes of a file in memory that nobody changes any more; None of any other file.
///
/// # Errors
/// The system's reason.
pub fn map_sealed(file: &File) -> io::Result<Option<Mmap>> {
    let needed = SealFlags::WRITE | SealFlags::SHRINK;
    if !fcntl_get_seals(file).is_ok_and(|seals| seals.contains(needed)) {
        return Ok(None);
    }
    // SAFETY: the file is sealed: nobody can write to it or make it shorter.
    unsafe { Mmap::map(file) }.map(Some)
}

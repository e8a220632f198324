//! A module as it was read, with its sum: what is loaded later is what was looked at.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::path::Path;

use worker::channel::{map_sealed, memory_file, seal};
use worker::limits::MODULE_BYTES;
use worker::{LoadError, Sha256Sum};

/// A module in a file in memory.
#[derive(Debug)]
pub struct ModuleFile {
    /// Its bytes, which nobody changes.
    pub file: File,
    /// Its sha256.
    pub sum: Sha256Sum,
}

impl ModuleFile {
    /// Reads a module, which must have an end and be of a size that modules have.
    ///
    /// # Errors
    /// [`LoadError::Unreadable`].
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let unreadable =
            |reason: String| LoadError::Unreadable { module: path.display().to_string(), reason };
        let system = |error: io::Error| unreadable(error.to_string());
        let file = File::open(path).map_err(system)?;
        let metadata = file.metadata().map_err(system)?;
        if metadata.is_dir() {
            return Err(unreadable("it is a folder".to_owned()));
        }
        let limit_mib = MODULE_BYTES >> 20;
        if metadata.is_file() && metadata.len() > MODULE_BYTES as u64 {
            let found = metadata.len().div_ceil(1 << 20);
            return Err(unreadable(format!("it has {found} MiB, accepted are up to {limit_mib}")));
        }
        let mut file = file.take(MODULE_BYTES as u64 + 1);
        let mut kept = memory_file("module").map_err(system)?;
        io::copy(&mut file, &mut kept).map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => {
                unreadable("it is larger than the files that this process may make (ulimit -f)".to_owned())
            }
            _ => system(error),
        })?;
        let file = kept;
        // Kernels before 3.17 have no seals; nobody else has the file.
        let _ = seal(&file);
        if file.metadata().map_err(system)?.len() > MODULE_BYTES as u64 {
            return Err(unreadable(format!("it does not end within the {limit_mib} MiB that are accepted")));
        }
        let sum = match map_sealed(&file).map_err(system)? {
            Some(bytes) => Sha256Sum::of(&bytes),
            None => Sha256Sum::of(&all_of(&file).map_err(system)?),
        };
        Ok(Self { file, sum })
    }

    /// A copy of its bytes.
    ///
    /// # Errors
    /// The system's reason.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        all_of(&self.file)
    }
}

/// A file in memory with a module that was made here; nobody changes it.
///
/// # Errors
/// The system's reason.
pub fn file_of(module: &[u8]) -> io::Result<File> {
    let mut file = memory_file("module")?;
    file.write_all(module)?;
    // Kernels before 3.17 have no seals; nobody else has the file.
    let _ = seal(&file);
    Ok(file)
}

fn all_of(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

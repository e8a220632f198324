//! A module as it was read, with its sum: what is loaded later is what was looked at.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use worker::channel::{memory_file, seal};
use worker::limits::MODULE_BYTES;
use worker::{LoadError, Sha256Sum};

use super::whole_file::{read_whole, sum_of};

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
        let file = read_whole(path, MODULE_BYTES).map_err(unreadable)?;
        let sum = sum_of(&file).map_err(|error| unreadable(error.to_string()))?;
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

/// The bytes of a file.
///
/// # Errors
/// The system's reason.
pub(super) fn all_of(mut file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

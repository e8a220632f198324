//! Files in memory that nobody can change, and parts of them: the content of a mapping never changes.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

#[cfg(test)]
use memmap2::MmapMut;
use memmap2::{Mmap, MmapOptions};

use crate::memory_file::{map_sealed, memory_file, seal};

/// A file in memory, sealed. Cheap to clone; two are equal if they are the same file.
#[derive(Clone, Debug)]
pub(crate) struct SealedFile(Arc<File>);

impl SealedFile {
    /// A file of these bytes.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    #[cfg(test)]
    pub(crate) fn new(bytes: &[u8]) -> io::Result<Self> {
        Self::of_parts(bytes.len(), [(0, bytes)])
    }

    /// A file of `length` bytes with these parts, each behind the place where it starts; a later one may lie over an earlier
    /// one, and between them are zeros.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    pub(crate) fn of_parts<'p>(
        length: usize,
        parts: impl IntoIterator<Item = (usize, &'p [u8])>,
    ) -> io::Result<Self> {
        let file = memory_file("sealed")?;
        file.set_len(length as u64)?;
        for (start, part) in parts {
            file.write_all_at(part, start as u64)?;
        }
        seal(&file)?;
        Ok(Self(Arc::new(file)))
    }

    /// The file, with its length, if it is one that nobody can change any more.
    ///
    /// # Errors
    /// The system's reason.
    pub(crate) fn sealed(file: &Arc<File>) -> io::Result<Option<(Self, usize)>> {
        let length = map_sealed(file)?.map(|bytes| bytes.len());
        Ok(length.map(|length| (Self(Arc::clone(file)), length)))
    }

    /// Its first `length` bytes as guests see them, to be changed by nobody but the caller, for nobody else.
    #[cfg(test)]
    pub(crate) fn map_copy(&self, length: usize) -> io::Result<MmapMut> {
        // SAFETY: the file is sealed: nobody can write to it or make it shorter.
        unsafe { MmapOptions::new().len(length).map_copy(&*self.0) }
    }
}

impl AsRawFd for SealedFile {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl PartialEq for SealedFile {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A part of a sealed file: the same part has the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedPart {
    file: SealedFile,
    range: Range<usize>,
}

impl SealedPart {
    /// The bytes in `range` of `file`.
    pub(crate) fn new(file: SealedFile, range: Range<usize>) -> Self {
        Self { file, range }
    }

    /// A copy of the bytes.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.range.len()];
        self.file.0.read_exact_at(&mut bytes, self.range.start as u64)?;
        Ok(bytes)
    }

    /// The bytes, to be read only.
    pub(crate) fn map(&self) -> io::Result<Mmap> {
        // SAFETY: the file is sealed: nobody can write to it or make it shorter.
        unsafe { MmapOptions::new().offset(self.range.start as u64).len(self.range.len()).map(&*self.file.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_can_t_be_changed() {
        let file = SealedFile::new(&[1; 4096]).unwrap();
        assert!(file.0.write_all_at(b"b", 0).is_err());
        assert!(file.0.set_len(0).is_err());
        let mut copy = file.map_copy(4096).unwrap();
        copy.fill(2);
        assert_eq!(file.map_copy(4096).unwrap()[..], [1; 4096]);
    }

    #[test]
    fn parts_are_equal_where_file_and_place_are() {
        let (file, other) = (SealedFile::new(b"abcde").unwrap(), SealedFile::new(b"abcde").unwrap());
        let part = SealedPart::new(file.clone(), 1..3);
        assert_eq!(part.map().unwrap()[..], *b"bc");
        assert_eq!(part, SealedPart::new(file.clone(), 1..3));
        assert_ne!(part, SealedPart::new(file, 1..4));
        assert_ne!(part, SealedPart::new(other, 1..3));
    }
}

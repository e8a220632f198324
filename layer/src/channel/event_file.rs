//! An event in a file in memory: it is written once, while it arrives, and read by the worker that answers it.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use bytes::Bytes;
use rustix::fs::{SealFlags, fcntl_add_seals};

use super::memory_file;

/// An event.
#[derive(Debug)]
pub struct EventFile {
    file: File,
    length: usize,
}

impl EventFile {
    /// An event without bytes yet.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    pub fn new() -> io::Result<Self> {
        Ok(Self { file: memory_file("event")?, length: 0 })
    }

    /// An event of these bytes.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn of(bytes: &[u8]) -> io::Result<Self> {
        let mut event = Self::new()?;
        event.extend(bytes)?;
        Ok(event)
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    pub fn extend(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.length += bytes.len();
        Ok(())
    }

    /// Ends the event: from now on nobody can change it, make it longer or shorter, the worker that it is handed to among
    /// them. Kernels before 3.17 have no seals.
    pub fn seal(&self) {
        let _ = fcntl_add_seals(
            &self.file,
            SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL,
        );
    }

    /// Its bytes so far.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// A copy of its bytes.
    ///
    /// # Errors
    /// The system's reason.
    pub fn bytes(&self) -> io::Result<Bytes> {
        let mut bytes = vec![0; self.length];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes.into())
    }
}

impl AsFd for EventFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The worker's side of an event: read from its start to its end, whatever happens to the file.
#[derive(Debug)]
pub(crate) struct EventReader {
    file: File,
    position: u64,
    length: u64,
}

impl EventReader {
    pub(crate) fn new(file: OwnedFd, length: u64) -> Self {
        Self { file: file.into(), position: 0, length }
    }
}

impl Read for EventReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length - self.position).unwrap_or(usize::MAX);
        let room = left.min(buffer.len());
        let count = self.file.read_at(buffer.get_mut(..room).unwrap_or_default(), self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_as_it_was_written() {
        let mut event = EventFile::of(b"first ").unwrap();
        event.extend(b"second").unwrap();
        assert_eq!((event.len(), &event.bytes().unwrap()[..]), (12, &b"first second"[..]));
        event.seal();
        assert!(event.extend(b"more").is_err(), "nobody adds to an event that was handed over");
        assert!(event.file.set_len(0).is_err());
        let mut reader = EventReader::new(event.as_fd().try_clone_to_owned().unwrap(), 12);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "first second");
    }
}

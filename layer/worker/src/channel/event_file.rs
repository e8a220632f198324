//! An event in a file in memory: it is written once, while it arrives, and read by the worker that answers it.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use base64_simd::STANDARD;
use engine::memory_file::{memory_file, seal};
use memmap2::Mmap;

/// Bytes that become base64 at once: few enough to stay in the processor's cache, and a multiple of three.
const PIECE: usize = 24 << 10;

/// An event. What is written to it is added at the end.
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
        event.write_all(bytes)?;
        Ok(event)
    }

    /// An event of all that `reader` gives.
    ///
    /// # Errors
    /// As for [`Self::new`], and those of the reader.
    pub fn read_from(mut reader: impl Read) -> io::Result<Self> {
        let mut event = Self::new()?;
        let mut writer = BufWriter::with_capacity(PIECE, &mut event);
        io::copy(&mut reader, &mut writer)?;
        writer.flush()?;
        drop(writer);
        Ok(event)
    }

    /// Adds `bytes` as base64.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn write_base64(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(PIECE / 3 * 4);
        for piece in bytes.chunks(PIECE) {
            text.clear();
            STANDARD.encode_append(piece, &mut text);
            self.write_all(&text)?;
        }
        Ok(())
    }

    /// Ends the event: from now on nobody can change it, make it longer or shorter, the worker that it is handed to among
    /// them. Kernels before 3.17 have no seals.
    pub fn seal(&self) {
        let _ = seal(&self.file);
    }

    /// Its bytes so far.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Looks at its bytes, where they are. Only for an event that was not handed over yet.
    ///
    /// # Errors
    /// The system's reason.
    pub fn look<T>(&mut self, at: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        if self.is_empty() {
            return Ok(at(&[]));
        }
        // SAFETY: the file is this event's alone until it is handed over, so nobody changes it or makes it shorter while
        // it is borrowed here.
        let bytes = unsafe { Mmap::map(&self.file) }?;
        Ok(at(&bytes))
    }
}

impl Write for EventFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.length += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for EventFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The worker's side of an event: read from its start to its end, whatever happens to the file.
#[derive(Debug)]
pub struct EventReader {
    file: File,
    position: u64,
    length: u64,
}

impl EventReader {
    /// The event of `length` bytes in `file`.
    pub fn new(file: OwnedFd, length: u64) -> Self {
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
        event.write_all(b"second").unwrap();
        assert_eq!(event.len(), 12);
        assert_eq!(event.look(<[u8]>::to_vec).unwrap(), b"first second");
        event.seal();
        assert!(event.write_all(b"more").is_err(), "nobody adds to an event that was handed over");
        assert!(event.file.set_len(0).is_err());
        let mut reader = EventReader::new(event.as_fd().try_clone_to_owned().unwrap(), 12);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "first second");
    }

    #[test]
    fn an_event_without_bytes_can_be_looked_at() {
        assert_eq!(EventFile::new().unwrap().look(<[u8]>::len).unwrap(), 0);
    }

    #[test]
    fn all_that_a_reader_gives_is_the_event() {
        let bytes: Vec<u8> = (0..PIECE * 3 + 1).map(|number| number as u8).collect();
        let mut event = EventFile::read_from(&bytes[..]).unwrap();
        assert_eq!(event.len(), bytes.len());
        assert!(event.look(|seen| seen == bytes).unwrap());
    }

    #[test]
    fn base64_in_pieces_is_base64_of_the_whole() {
        for length in [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 2] {
            let bytes: Vec<u8> = (0..length).map(|number| number as u8).collect();
            let mut event = EventFile::new().unwrap();
            event.write_base64(&bytes).unwrap();
            assert!(
                event.look(|text| text == STANDARD.encode_to_string(&bytes).as_bytes()).unwrap(),
                "{length}"
            );
        }
    }
}

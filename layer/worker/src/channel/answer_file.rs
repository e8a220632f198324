//! A worker's file for answers: first a page that says what the worker is doing, then a small picture, then the output of
//! the module. Picture and output have separate places, since one is written while the other may still be read.
//!
//! The file has its full size from the start and keeps it, so that a worker can neither fill memory with it nor shorten it
//! while the front reads.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use engine::limits::{Limits, STDERR_BYTES};
use engine::progress::{BOARD_BYTES, Told};
use rustix::fs::{FallocateFlags, SealFlags, fallocate, fcntl_add_seals};

use engine::memory_file::memory_file;

/// The page on which the worker tells what it is doing.
pub const PAGE_OF_STEPS: u64 = 4 << 10;
/// Room for a small picture of at most 160 × 160 pixels.
const THUMBNAIL_BYTES: u64 = 256 << 10;
/// Where what was printed starts.
const START: u64 = PAGE_OF_STEPS + THUMBNAIL_BYTES;
/// What was printed and has more bytes is given back after its event.
const KEPT_BYTES: u64 = 256 << 10;

/// A worker's file for answers.
#[derive(Debug)]
pub struct AnswerFile {
    file: File,
    /// Bytes for what is printed.
    room: u64,
}

/// Bytes of what was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Of standard output.
    pub stdout: u64,
    /// Of standard error.
    pub stderr: u64,
}

impl AnswerFile {
    /// A file with room for what `limits` allow.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    pub fn new(limits: Limits) -> io::Result<Self> {
        let bytes = Self::bytes(limits);
        let room = bytes - START;
        let file = memory_file("answer")?;
        file.set_len(bytes)?;
        // Kernels before 3.17 have no seals; there, a worker that changes the size makes reading fail.
        let _ = fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL);
        Ok(Self { file, room })
    }

    /// Bytes of a file with room for what `limits` allow.
    pub fn bytes(limits: Limits) -> u64 {
        START + limits.answer_bytes() as u64 + STDERR_BYTES as u64
    }

    /// The worker's side of a file that the front made.
    ///
    /// # Errors
    /// The system's reason.
    pub fn of(descriptor: OwnedFd) -> io::Result<Self> {
        let file = File::from(descriptor);
        let room = file.metadata()?.len().saturating_sub(START);
        Ok(Self { file, room })
    }

    /// What the worker told last of itself.
    pub fn told(&self) -> Told {
        let mut board = [0; BOARD_BYTES];
        self.file.read_exact_at(&mut board, 0).map_or_else(|_| Told::default(), |()| Told::read(board))
    }

    /// Writes what was printed.
    pub fn write(&self, stdout: &[u8], stderr: &[u8]) -> io::Result<Lengths> {
        self.file.write_all_at(stdout, START)?;
        self.file.write_all_at(stderr, START + stdout.len() as u64)?;
        Ok(Lengths { stdout: stdout.len() as u64, stderr: stderr.len() as u64 })
    }

    /// Writes a small picture; how many bytes it has.
    pub fn write_thumbnail(&self, jpeg: &[u8]) -> io::Result<u64> {
        let length = jpeg.len() as u64;
        if length > THUMBNAIL_BYTES {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.file.write_all_at(jpeg, PAGE_OF_STEPS)?;
        Ok(length)
    }

    /// Reads a small picture of so many bytes; None where that is not possible.
    pub fn read_thumbnail(&self, length: u64) -> Option<Vec<u8>> {
        let mut jpeg = vec![0; usize::try_from(length).ok().filter(|_| length <= THUMBNAIL_BYTES)?];
        self.file.read_exact_at(&mut jpeg, PAGE_OF_STEPS).ok()?;
        Some(jpeg)
    }

    /// Reads what was printed; None where the lengths are not possible.
    pub fn read(&self, Lengths { stdout, stderr }: Lengths) -> Option<(Vec<u8>, Vec<u8>)> {
        let end = stdout.checked_add(stderr).filter(|end| *end <= self.room)?;
        let mut both = vec![0; usize::try_from(end).ok()?];
        self.file.read_exact_at(&mut both, START).ok()?;
        if end > KEPT_BYTES {
            // The pages are given back; where the system can't, they are used again.
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            let _ = fallocate(&self.file, flags, START, end);
        }
        let stderr = both.split_off(usize::try_from(stdout).ok()?);
        Some((both, stderr))
    }
}

impl AsFd for AnswerFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::answer::Step;

    fn limits() -> Limits {
        Limits { answer_mib: 1, ..Limits::default() }
    }

    #[test]
    fn what_a_worker_printed_and_what_it_was_doing_is_read_by_the_front() {
        let front = AnswerFile::new(limits()).unwrap();
        let worker = AnswerFile::of(front.as_fd().try_clone_to_owned().unwrap()).unwrap();
        worker.file.write_all_at(&[Step::Image as u8], 0).unwrap();
        let lengths = worker.write(b"answer", b"said").unwrap();
        assert_eq!(worker.write_thumbnail(b"small").unwrap(), 5);
        assert_eq!(front.told().step, Step::Image);
        assert_eq!(front.read_thumbnail(5), Some(b"small".to_vec()));
        assert_eq!(front.read(lengths), Some((b"answer".to_vec(), b"said".to_vec())));
    }

    #[test]
    fn lengths_that_are_not_possible_are_refused_and_the_size_stays() {
        let front = AnswerFile::new(limits()).unwrap();
        for (stdout, stderr) in [(u64::MAX, 1), (2 << 20, 0), (0, 2 << 20), (u64::MAX, u64::MAX)] {
            assert_eq!(front.read(Lengths { stdout, stderr }), None);
        }
        assert_eq!(front.read_thumbnail(THUMBNAIL_BYTES + 1), None);
        assert!(front.write_thumbnail(&vec![0; THUMBNAIL_BYTES as usize + 1]).is_err());
        let worker = AnswerFile::of(front.as_fd().try_clone_to_owned().unwrap()).unwrap();
        assert!(worker.file.set_len(0).is_err());
        assert!(worker.file.set_len(1 << 30).is_err());
    }

    #[test]
    fn large_answers_are_given_back() {
        use std::os::unix::fs::MetadataExt as _;
        let front = AnswerFile::new(limits()).unwrap();
        let lengths = front.write(&vec![b'x'; 1 << 20], b"").unwrap();
        assert!(front.file.metadata().unwrap().blocks() * 512 >= 1 << 20);
        assert!(front.read(lengths).is_some());
        assert!(front.file.metadata().unwrap().blocks() * 512 < 1 << 20);
    }
}

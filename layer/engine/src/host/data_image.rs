//! Data of a module that is kept once for all its instances: each gets it mapped copy-on-write.

use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd as _;

use wasmedge_sdk::Instance;

use super::memory::SYSTEM_PAGE_BYTES;
use super::{memory, write_guard};
use crate::sealed_file::{SealedFile, SealedPart};

/// The first contents of a part of every instance's memory.
#[derive(Debug)]
pub(crate) struct DataImage {
    file: SealedFile,
    /// Where it belongs in the memory, in whole pages of the system.
    range: Range<usize>,
    /// The part of the memory whose changes are noticed, in whole pages.
    guarded: Range<usize>,
}

impl DataImage {
    /// An image for `range` of the memory, whole pages, with these parts, each behind its address. Of the pages that lie wholly
    /// in `constant`, which a guest is not likely to write to, it is noticed whether it does.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    pub(crate) fn new<'p>(
        range: Range<usize>,
        parts: impl IntoIterator<Item = (usize, &'p [u8])>,
        constant: Range<usize>,
    ) -> io::Result<Self> {
        let parts = parts.into_iter().map(|(address, part)| (address - range.start, part));
        let file = SealedFile::of_parts(range.len(), parts)?;
        let first = constant.start.next_multiple_of(SYSTEM_PAGE_BYTES);
        let end = constant.end / SYSTEM_PAGE_BYTES * SYSTEM_PAGE_BYTES;
        Ok(Self { file, range, guarded: first..end.max(first) })
    }

    /// Where it belongs in the memory, in whole pages of the system.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// A copy of all of it.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        SealedPart::new(self.file.clone(), 0..self.range.len()).read().unwrap()
    }

    /// Maps the image into a new guest's memory. The guest's changes are its own.
    ///
    /// # Errors
    /// The system's reason, or a memory that ends before the image does.
    pub(crate) fn map_into(&self, guest: &mut Instance) -> io::Result<()> {
        let addresses = memory::addresses(guest);
        if self.range.end > addresses.len() {
            let (Range { start, end }, length) = (self.range(), addresses.len());
            return Err(io::Error::other(format!(
                "{start} to {end} is not within the memory's {length} bytes"
            )));
        }
        let place = (addresses.start + self.range.start) as *mut libc::c_void;
        let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: checked above, the range is within the guest's memory, which WasmEdge mapped and will unmap as a
        // whole; nothing has run in it and nobody else refers to it.
        let mapped = unsafe { libc::mmap(place, self.range.len(), access, flags, self.file.as_raw_fd(), 0) };
        if mapped == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        if self.guarded.is_empty() {
            return Ok(());
        }
        write_guard::guard(addresses.start + self.guarded.start..addresses.start + self.guarded.end)
    }

    /// The part of the file that the guest sees as `length` bytes at `pointer` of its `memory`; None where it may have
    /// changed a page of them.
    pub(super) fn unchanged(&self, memory: &[u8], pointer: u32, length: u32) -> Option<SealedPart> {
        let bytes = memory::read(memory, pointer, length)?;
        let start = (pointer as usize).checked_sub(self.range.start)?;
        let part = start..start + bytes.len();
        let is_within = part.end <= self.range.len();
        (is_within && self.is_guarded(pointer as usize, bytes))
            .then(|| SealedPart::new(self.file.clone(), part))
    }

    /// Whether the bytes at `pointer` are as they were. Bytes at the borders of the guarded part share their page with
    /// others that may be written to, so they are compared.
    fn is_guarded(&self, pointer: usize, bytes: &[u8]) -> bool {
        let before = self.guarded.start.saturating_sub(pointer).min(bytes.len());
        let after = (pointer + bytes.len()).saturating_sub(self.guarded.end).min(bytes.len() - before);
        let (first, rest) = bytes.split_at(before);
        let (middle, last) = rest.split_at(rest.len() - after);
        let is_of_file = |part: &[u8], at: usize| part.is_empty() || self.holds(part, at);
        write_guard::are_unchanged(middle)
            && is_of_file(first, pointer)
            && is_of_file(last, pointer + bytes.len() - after)
    }

    /// Whether the file has these bytes for the memory's address `at`.
    fn holds(&self, bytes: &[u8], at: usize) -> bool {
        let start = at - self.range.start;
        let part = SealedPart::new(self.file.clone(), start..start + bytes.len());
        part.read().is_ok_and(|of_file| of_file == bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part of this test's own memory instead of a guest's.
    fn guarded(image: &DataImage, pages: usize) -> memmap2::MmapMut {
        let memory = image.file.map_copy(pages * SYSTEM_PAGE_BYTES).unwrap();
        let start = memory.as_ptr().addr();
        write_guard::guard(start + image.guarded.start..start + image.guarded.end).unwrap();
        memory
    }

    #[test]
    fn a_part_is_of_the_file_until_it_is_written_to() {
        crate::faults::install();
        let pages = 5;
        let image =
            DataImage::new(0..pages * 4096, [(0, &vec![7; pages * 4096][..])], 100..pages * 4096 - 100)
                .unwrap();
        let mut memory = guarded(&image, pages);
        let of_file = |memory: &[u8], at: u32, length: u32| image.unchanged(memory, at, length).is_some();
        assert!(of_file(&memory, 4096, 4096), "never touched");
        assert_eq!(memory[..pages * 4096], vec![7; pages * 4096]);
        assert!(of_file(&memory, 100, 4 * 4096), "read, with a border that is compared");
        memory[10] = 8;
        assert!(of_file(&memory, 100, 4 * 4096), "a byte before it was written to");
        assert!(!of_file(&memory, 10, 4 * 4096), "a byte of the border was");
        memory[2 * 4096 + 5] = 7;
        assert!(!of_file(&memory, 100, 4 * 4096), "written to, though with the same value");
        assert!(!of_file(&memory, 3 * 4096, 4096), "after the first write nothing is known");
        write_guard::release();
    }

    #[test]
    fn what_the_system_is_going_to_write_is_opened_first() {
        let image = DataImage::new(0..4 * 4096, [(0, &[7; 4 * 4096][..])], 0..4 * 4096).unwrap();
        let mut memory = guarded(&image, 4);
        write_guard::open_for_system(&memory[4096..4100]);
        memory[4096] = 1;
        assert!(image.unchanged(&memory, 0, 4096).is_none());
        write_guard::release();
    }

    #[test]
    fn only_what_is_within_the_image_is_of_its_file() {
        let image = DataImage::new(4096..8192, [(4096, &[7; 4096][..])], 4096..8192).unwrap();
        let memory = [0; 3 * 4096];
        for (pointer, length) in [(0, 4096), (4095, 2), (4096, 4097), (8192, 1), (u32::MAX, u32::MAX)] {
            assert!(image.unchanged(&memory, pointer, length).is_none(), "{length} bytes at {pointer}");
        }
    }
}

//! Data of a module that is kept once for all its instances: each gets it mapped copy-on-write.

use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd as _;

use wasmedge_sys as sys;

use super::memory;
use super::page_map::PageMap;
use crate::sealed_file::{SealedFile, SealedPart};

/// The first contents of a part of every instance's memory.
#[derive(Debug)]
pub(crate) struct DataImage {
    file: SealedFile,
    /// Where it belongs in the memory, in whole pages of the system.
    range: Range<usize>,
    /// Without it nothing is known to be unchanged.
    page_map: Option<PageMap>,
}

impl DataImage {
    /// An image of `bytes`, whole pages, that belongs at `start`, the start of a page. To be made before the process is
    /// confined.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    pub(crate) fn new(bytes: &[u8], start: usize) -> io::Result<Self> {
        let file = SealedFile::new(bytes)?;
        let page_map = PageMap::open(&file);
        Ok(Self { file, range: start..start + bytes.len(), page_map })
    }

    /// Where it belongs in the memory, in whole pages of the system.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Maps the image into a new guest's memory. The guest's changes are its own.
    ///
    /// # Errors
    /// The system's reason, or a memory that ends before the image does.
    pub(crate) fn map_into(&self, guest: &mut sys::Instance) -> io::Result<()> {
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
        match unsafe { libc::mmap(place, self.range.len(), access, flags, self.file.as_raw_fd(), 0) } {
            libc::MAP_FAILED => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    /// The part of the file that the guest sees as `length` bytes at `pointer` of its `memory`; None where it may have
    /// changed a page of them.
    pub(super) fn unchanged(&self, memory: &[u8], pointer: u32, length: u32) -> Option<SealedPart> {
        let bytes = memory::read(memory, pointer, length)?;
        let start = (pointer as usize).checked_sub(self.range.start)?;
        let part = start..start + bytes.len();
        let is_within = part.end <= self.range.len();
        let is_unchanged = || self.page_map.as_ref().is_some_and(|page_map| page_map.are_of_file(bytes));
        (is_within && is_unchanged()).then(|| SealedPart::new(self.file.clone(), part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_written_to_is_no_longer_the_file_s() {
        let pages = 5;
        let image = DataImage::new(&vec![7; pages * 4096], 0).unwrap();
        let mut memory = image.file.map_copy(pages * 4096).unwrap();
        let unchanged = |memory: &[u8]| -> Vec<bool> {
            (0..pages as u32).map(|page| image.unchanged(memory, page * 4096, 4096).is_some()).collect()
        };
        assert_eq!(unchanged(&memory), vec![true; pages], "never touched");
        assert_eq!(memory[..pages * 4096], vec![7; pages * 4096]);
        assert_eq!(unchanged(&memory), vec![true; pages], "read");
        memory[2 * 4096 + 5] = 7;
        assert_eq!(
            unchanged(&memory),
            [true, true, false, true, true],
            "written to, though with the same value"
        );
        assert!(image.unchanged(&memory, 0, 2 * 4096).is_some());
        assert!(image.unchanged(&memory, 1, 2 * 4096).is_none(), "a byte of the third page");
    }

    #[test]
    fn only_what_is_within_the_image_is_of_its_file() {
        let image = DataImage::new(&[7; 4096], 4096).unwrap();
        let memory = [0; 3 * 4096];
        for (pointer, length) in [(0, 4096), (4095, 2), (4096, 4097), (8192, 1), (u32::MAX, u32::MAX)] {
            assert!(image.unchanged(&memory, pointer, length).is_none(), "{length} bytes at {pointer}");
        }
    }
}

//! Data of a module that is kept once for all its instances: each gets it mapped copy-on-write.

use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use memmap2::MmapOptions;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use wasmedge_sys::{self as sys, AsInstance as _};

use super::memory;
use crate::inference::SealedPart;

/// Of any x86-64 system.
pub(crate) const PAGE_BYTES: u64 = 4 << 10;

/// The first contents of a part of every instance's memory.
#[derive(Debug)]
pub(crate) struct DataImage {
    /// Nobody can change it any more.
    file: Arc<File>,
    /// Where it belongs in the memory, in whole pages.
    range: Range<u64>,
    /// Tells which pages of this process are its own and no longer the file's. It must be opened before the process is
    /// confined; without it nothing is known to be unchanged.
    page_map: Option<File>,
}

impl DataImage {
    /// An image of `bytes`, whole pages, that belongs at `start`, the start of a page.
    ///
    /// # Errors
    /// The system's reason why it gives no memory.
    pub(crate) fn new(bytes: &[u8], start: u64) -> io::Result<Self> {
        let mut file =
            File::from(memfd_create("module-data", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
        file.write_all(bytes)?;
        fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        let range = start..start + bytes.len() as u64;
        let page_map =
            File::open("/proc/self/pagemap").ok().filter(|page_map| tells_written_pages(page_map, &file));
        Ok(Self { file: Arc::new(file), range, page_map })
    }

    /// Where it belongs in the memory, in whole pages.
    pub(crate) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Maps the image into a new guest's memory. The guest's changes are its own.
    ///
    /// # Errors
    /// The system's reason, or a memory that ends before the image does.
    pub(crate) fn map_into(&self, guest: &mut sys::Instance) -> io::Result<()> {
        let memory = guest.get_memory_mut("memory").map_err(io::Error::other)?;
        let length = u64::from(memory.size()) * memory::PAGE_BYTES;
        if self.range.end > length {
            let Range { start, end } = self.range;
            return Err(io::Error::other(format!(
                "{start} to {end} is not within the memory's {length} bytes"
            )));
        }
        let number = |bytes: u64| usize::try_from(bytes).map_err(io::Error::other);
        let (start, end) = (number(self.range.start)?, number(self.range.end)?);
        // SAFETY: checked above, the range is within the guest's memory, which WasmEdge mapped and will unmap as a
        // whole; nothing has run in it and nobody else refers to it.
        unsafe {
            let base = memory.data_pointer(0, 1).map_err(io::Error::other)?.cast_mut();
            let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let place = base.add(start).cast();
            if libc::mmap(place, end - start, access, flags, self.file.as_raw_fd(), 0) == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    }

    /// The part of the file that the guest sees as `length` bytes at `pointer` of its `memory`; None where it may have
    /// changed a page of them.
    pub(super) fn unchanged(&self, memory: &[u8], pointer: u32, length: u32) -> Option<SealedPart> {
        let bytes = memory::read(memory, pointer, length)?;
        let start = u64::from(pointer).checked_sub(self.range.start)?;
        let part = start..start + u64::from(length);
        let is_within = part.end <= self.range.end - self.range.start;
        let is_unchanged = || self.page_map.as_ref().is_some_and(|page_map| are_of_file(page_map, bytes));
        (is_within && is_unchanged()).then(|| SealedPart::new(Arc::clone(&self.file), part))
    }
}

/// Whether all pages of these bytes, within a private mapping of a file, are still the file's.
fn are_of_file(page_map: &File, bytes: &[u8]) -> bool {
    let addresses = bytes.as_ptr_range();
    let first = addresses.start as u64 / PAGE_BYTES;
    let end = (addresses.end as u64).div_ceil(PAGE_BYTES);
    let mut entries = vec![0; (end - first) as usize * PAGE_ENTRY_BYTES];
    let read = page_map.read_exact_at(&mut entries, first * PAGE_ENTRY_BYTES as u64);
    read.is_ok() && entries.as_chunks().0.iter().all(|entry| is_of_file(u64::from_ne_bytes(*entry)))
}

/// Tries it on the first page of `file`: where the system is not Linux itself, the page map may say anything.
fn tells_written_pages(page_map: &File, file: &File) -> bool {
    // SAFETY: the file is sealed: nobody can write to it or make it shorter.
    let Ok(mut page) = (unsafe { MmapOptions::new().len(PAGE_BYTES as usize).map_copy(file) }) else {
        return false;
    };
    let is_unchanged_before = are_of_file(page_map, &page);
    if let Some(byte) = page.first_mut() {
        *byte = byte.wrapping_add(1);
    }
    is_unchanged_before && !are_of_file(page_map, &page)
}

/// An entry of `/proc/self/pagemap`: Documentation/admin-guide/mm/pagemap.rst of Linux.
const PAGE_ENTRY_BYTES: usize = 8;
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const OF_FILE: u64 = 1 << 61;

/// Whether this page of a private mapping is the file's. One that was written to is the process's own, in memory or
/// swapped out; one that is neither was never written to.
fn is_of_file(entry: u64) -> bool {
    entry & OF_FILE != 0 || entry & (PRESENT | SWAPPED) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_can_t_be_changed() {
        let image = DataImage::new(&[1; 4096], 0).unwrap();
        assert!(image.file.write_all_at(b"b", 0).is_err());
        assert!(image.file.set_len(0).is_err());
    }

    #[test]
    fn a_page_map_that_says_nothing_is_not_believed() {
        let image = DataImage::new(&[1; 4096], 0).unwrap();
        assert!(image.page_map.is_some());
        assert!(!tells_written_pages(&File::open("/dev/zero").unwrap(), &image.file));
        assert!(!tells_written_pages(&File::open("/dev/null").unwrap(), &image.file));
    }

    #[test]
    fn a_page_that_was_written_to_is_no_longer_the_file_s() {
        let pages = 5;
        let image = DataImage::new(&vec![7; pages * 4096], 0).unwrap();
        // SAFETY: the file is sealed; nobody else knows the mapping.
        let mut memory = unsafe { MmapOptions::new().map_copy(&*image.file) }.unwrap();
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

//! Data of a module that is kept once for all its instances: each gets it mapped copy-on-write.

use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd as _;

use wasmedge_sdk::Instance;

use super::memory::SYSTEM_PAGE_BYTES;
use super::{memory, write_guard};
use crate::sealed_file::{SealedFile, SealedPart};

/// Bytes outside of the guarded pages that are compared: those at both borders, or a small model that has no whole page.
const MAX_COMPARED_BYTES: usize = 16 * SYSTEM_PAGE_BYTES;

/// The first contents of a part of every instance's memory.
#[derive(Debug)]
pub(crate) struct DataImage {
    file: SealedFile,
    /// Where its areas belong in the memory, in whole pages of the system, from lower to higher addresses. The file has them one
    /// behind the other.
    areas: Vec<Range<usize>>,
    /// The part of the memory whose changes are noticed, in whole pages.
    guarded: Range<usize>,
}

impl DataImage {
    /// An image for these areas of the memory, whole pages, the lower first, with these parts, each behind its address. Of the pages
    /// that lie wholly in `constant`, which a guest is not likely to write to, it is noticed whether it does.
    ///
    /// # Errors
    /// The system's reason why it gives no memory, or a part that is in no area.
    pub(crate) fn new<'p>(
        areas: Vec<Range<usize>>,
        parts: impl IntoIterator<Item = (usize, &'p [u8])>,
        constant: Range<usize>,
    ) -> io::Result<Self> {
        let placed =
            parts.into_iter().map(|(address, part)| Some((place_of(&areas, address, part.len())?, part)));
        let placed: Option<Vec<_>> = placed.collect();
        let placed = placed.ok_or_else(|| io::Error::other("a part of the data is outside of its areas"))?;
        let file = SealedFile::of_parts(areas.iter().map(Range::len).sum(), placed)?;
        let first = constant.start.next_multiple_of(SYSTEM_PAGE_BYTES);
        let end = constant.end / SYSTEM_PAGE_BYTES * SYSTEM_PAGE_BYTES;
        Ok(Self { file, areas, guarded: first..end.max(first) })
    }

    /// Where its areas belong in the memory, in whole pages of the system, from lower to higher addresses.
    pub(crate) fn areas(&self) -> &[Range<usize>] {
        &self.areas
    }

    /// A copy of all of it.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        SealedPart::new(self.file.clone(), 0..self.areas.iter().map(Range::len).sum()).read().unwrap()
    }

    /// Maps the image into a new guest's memory. The guest's changes are its own.
    ///
    /// # Errors
    /// The system's reason, or a memory that ends before the image does.
    pub(crate) fn map_into(&self, guest: &mut Instance) -> io::Result<()> {
        let addresses = memory::addresses(guest);
        let mut at = 0;
        for area in &self.areas {
            if area.end > addresses.len() {
                let (Range { start, end }, length) = (area, addresses.len());
                return Err(io::Error::other(format!(
                    "{start} to {end} is not within the memory's {length} bytes"
                )));
            }
            let place = (addresses.start + area.start) as *mut libc::c_void;
            let flags = libc::MAP_PRIVATE | libc::MAP_FIXED;
            let access = libc::PROT_READ | libc::PROT_WRITE;
            // SAFETY: checked above, the area is within the guest's memory, which WasmEdge mapped and will unmap as a
            // whole; nothing has run in it and nobody else refers to it.
            let mapped = unsafe { libc::mmap(place, area.len(), access, flags, self.file.as_raw_fd(), at) };
            if mapped == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            at += area.len() as libc::off_t;
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
        let start = place_of(&self.areas, pointer as usize, bytes.len())?;
        let part = start..start + bytes.len();
        self.is_guarded(pointer as usize, bytes).then(|| SealedPart::new(self.file.clone(), part))
    }

    /// Whether the bytes at `pointer` are as they were. Bytes at the borders of the guarded part share their page with
    /// others that may be written to, so they are compared.
    fn is_guarded(&self, pointer: usize, bytes: &[u8]) -> bool {
        let before = self.guarded.start.saturating_sub(pointer).min(bytes.len());
        let after = (pointer + bytes.len()).saturating_sub(self.guarded.end).min(bytes.len() - before);
        let (first, rest) = bytes.split_at(before);
        let (middle, last) = rest.split_at(rest.len() - after);
        if first.len() + last.len() > MAX_COMPARED_BYTES {
            return false;
        }
        let is_of_file = |part: &[u8], at: usize| part.is_empty() || self.holds(part, at);
        let is_unchanged = middle.is_empty() || write_guard::are_unchanged(middle);
        is_unchanged
            && !bytes.is_empty()
            && is_of_file(first, pointer)
            && is_of_file(last, pointer + bytes.len() - after)
    }

    /// Whether the file has these bytes for the memory's address `at`.
    fn holds(&self, bytes: &[u8], at: usize) -> bool {
        let Some(start) = place_of(&self.areas, at, bytes.len()) else { return false };
        let part = SealedPart::new(self.file.clone(), start..start + bytes.len());
        part.read().is_ok_and(|of_file| of_file == bytes)
    }
}

/// Where the file has `length` bytes of the memory's address `address`; None where no area has all of them.
fn place_of(areas: &[Range<usize>], address: usize, length: usize) -> Option<usize> {
    let mut at = 0;
    for area in areas {
        if area.start <= address && address.checked_add(length)? <= area.end {
            return Some(at + address - area.start);
        }
        at += area.len();
    }
    None
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of areas, some with one")]
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
            DataImage::new(vec![0..pages * 4096], [(0, &vec![7; pages * 4096][..])], 100..pages * 4096 - 100)
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
    fn a_part_without_a_whole_page_is_compared() {
        let image = DataImage::new(vec![0..2 * 4096], [(0, &[7; 5000][..])], 0..5000).unwrap();
        let mut memory = guarded(&image, 2);
        assert!(image.unchanged(&memory, 4096, 904).is_some());
        assert!(image.unchanged(&memory, 4096, 0).is_none(), "nothing is no part");
        memory[4999] = 8;
        assert!(image.unchanged(&memory, 4096, 904).is_none());
        assert!(image.unchanged(&memory, 4096, 903).is_some());
        write_guard::release();
    }

    #[test]
    fn what_the_system_is_going_to_write_is_opened_first() {
        let image = DataImage::new(vec![0..4 * 4096], [(0, &[7; 4 * 4096][..])], 0..4 * 4096).unwrap();
        let mut memory = guarded(&image, 4);
        write_guard::open_for_system(&memory[4096..4100]);
        memory[4096] = 1;
        assert!(image.unchanged(&memory, 0, 4096).is_none());
        write_guard::release();
    }

    #[test]
    fn only_what_is_within_the_image_is_of_its_file() {
        let image = DataImage::new(vec![4096..8192], [(4096, &[7; 4096][..])], 4096..8192).unwrap();
        let memory = [0; 3 * 4096];
        for (pointer, length) in [(0, 4096), (4095, 2), (4096, 4097), (8192, 1), (u32::MAX, u32::MAX)] {
            assert!(image.unchanged(&memory, pointer, length).is_none(), "{length} bytes at {pointer}");
        }
    }

    #[test]
    fn areas_lie_one_behind_the_other_in_the_file() {
        let areas = vec![4096..8192, 40_960..49_152];
        let image = DataImage::new(areas.clone(), [(4096, &b"a"[..]), (40_961, b"b")], 0..0).unwrap();
        assert_eq!(image.areas(), areas);
        assert_eq!(image.bytes().len(), 3 * 4096);
        assert_eq!((image.bytes()[0], image.bytes()[4097]), (b'a', b'b'));
        assert_eq!(place_of(&areas, 40_960, 8192), Some(4096));
        for (address, length) in [(0, 1), (8192, 1), (8191, 2), (40_960, 8193), (usize::MAX, 2)] {
            assert_eq!(place_of(&areas, address, length), None, "{length} bytes at {address}");
        }
        assert!(DataImage::new(areas, [(8192, &b"a"[..])], 0..0).is_err());
    }
}

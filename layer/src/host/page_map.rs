//! Which pages of this process are still those of the file that they are mapped from.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::memory::SYSTEM_PAGE_BYTES;
use crate::sealed_file::SealedFile;

/// `/proc/self/pagemap` (Documentation/admin-guide/mm/pagemap.rst of Linux).
#[derive(Debug)]
pub(super) struct PageMap(File);

const ENTRY_BYTES: usize = 8;
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const OF_FILE: u64 = 1 << 61;

impl PageMap {
    /// The page map of this process; it must be opened before the process is confined. None where there is none that
    /// can be believed: where the system is not Linux itself, it may say anything, so it is tried on a page of `file`.
    pub(super) fn open(file: &SealedFile) -> Option<Self> {
        Some(Self(File::open("/proc/self/pagemap").ok()?)).filter(|map| map.tells_written_pages(file))
    }

    fn tells_written_pages(&self, file: &SealedFile) -> bool {
        let Ok(mut page) = file.map_copy(SYSTEM_PAGE_BYTES) else { return false };
        let is_of_file_before = self.are_of_file(&page);
        if let Some(byte) = page.first_mut() {
            *byte = byte.wrapping_add(1);
        }
        is_of_file_before && !self.are_of_file(&page)
    }

    /// Whether all pages of these bytes, within a private mapping of a file, are still the file's.
    pub(super) fn are_of_file(&self, bytes: &[u8]) -> bool {
        let addresses = bytes.as_ptr_range();
        let first = addresses.start.addr() / SYSTEM_PAGE_BYTES;
        let end = addresses.end.addr().div_ceil(SYSTEM_PAGE_BYTES);
        let mut entries = vec![0; (end - first) * ENTRY_BYTES];
        let read = self.0.read_exact_at(&mut entries, (first * ENTRY_BYTES) as u64);
        read.is_ok() && entries.as_chunks().0.iter().all(|entry| is_of_file(u64::from_ne_bytes(*entry)))
    }
}

/// Whether this page of a private mapping is the file's. One that was written to is the process's own, in memory or
/// swapped out; one that is neither was never written to.
fn is_of_file(entry: u64) -> bool {
    entry & OF_FILE != 0 || entry & (PRESENT | SWAPPED) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_map_that_says_nothing_is_not_believed() {
        let file = SealedFile::new(&[1; SYSTEM_PAGE_BYTES]).unwrap();
        assert!(PageMap::open(&file).is_some());
        for silent in ["/dev/zero", "/dev/null"] {
            assert!(!PageMap(File::open(silent).unwrap()).tells_written_pages(&file));
        }
    }
}

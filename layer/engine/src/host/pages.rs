//! Makes pages of a new guest's memory ready before the event. The first access to a page costs a microsecond or two; an
//! ordinary event touches two hundred pages, and one of megabytes touches thousands.

use std::ops::Range;

use wasmedge_sdk::Instance;

use super::memory::{self, SYSTEM_PAGE_BYTES};

/// Bytes behind the data in which an ordinary event finds place: one of 512 × 384 pixels in 200 KB takes 570 KiB.
const WORKING_BYTES: usize = 640 << 10;

/// Bytes of the guest's stack, which grows down to the start of memory from where the data starts.
const STACK_BYTES: usize = 16 << 10;

/// A large page of x86-64.
const LARGE_PAGE_BYTES: usize = 2 << 20;

/// Pages of the guests before, cleared, for the next one. The system takes ten times as long to give new ones.
#[derive(Debug, Default)]
pub(crate) struct KeptPages {
    /// Of the stack, and behind the data.
    parts: [Part; 2],
}

/// Some pages, which are always in one of the two places.
#[derive(Debug, Default)]
struct Part {
    /// In a guest's memory.
    in_guest: Range<usize>,
    /// Beside it.
    kept: Range<usize>,
}

impl KeptPages {
    /// Makes ready what an ordinary event touches, before it comes, and asks for large pages where megabytes may be. `data`
    /// is where the module's data is, known for modules with much of it; the heap lies behind its first area, and ends where there
    /// is another one. Nothing has run in the guest.
    pub(crate) fn prepare(&mut self, guest: &mut Instance, data: &[Range<usize>]) {
        let Range { start, end } = memory::addresses(guest);
        let end = data.get(1).map_or(end, |next| start + next.start);
        let data = data.first().map(|data| start + data.start..start + data.end);
        // Small ones first, of which an ordinary event needs few; and last, where allocators keep a word.
        let large_from = data.as_ref().map_or(start, |data| data.end + WORKING_BYTES);
        let large = large_from.next_multiple_of(LARGE_PAGE_BYTES)
            ..end.saturating_sub(1) / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
        advise(large, libc::MADV_HUGEPAGE);
        if let Some(data) = data {
            let stack = data.start.saturating_sub(STACK_BYTES).max(start)..data.start;
            let behind = data.end..(data.end + WORKING_BYTES).min(end);
            for (part, pages) in self.parts.iter_mut().zip([stack, behind]) {
                part.give(pages);
            }
            advise(end - SYSTEM_PAGE_BYTES..end, libc::MADV_POPULATE_WRITE);
        }
    }

    /// Takes the pages back and clears them. The guest, whose memory it was, runs no more.
    pub(crate) fn keep(&mut self) {
        for part in &mut self.parts {
            part.take_back();
        }
    }
}

impl Part {
    fn give(&mut self, pages: Range<usize>) {
        let kept = std::mem::take(&mut self.kept);
        if kept.len() == pages.len() && move_pages(&kept, Some(pages.start)).is_some() {
            self.in_guest = pages;
            return;
        }
        drop_pages(kept);
        advise(pages.clone(), libc::MADV_POPULATE_WRITE);
        self.in_guest = pages;
    }

    fn take_back(&mut self) {
        let pages = std::mem::take(&mut self.in_guest);
        let Some(start) = move_pages(&pages, None) else { return };
        // SAFETY: the pages were just moved there, and nobody else knows where.
        unsafe { std::ptr::write_bytes(start as *mut u8, 0, pages.len()) };
        self.kept = start..start + pages.len();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        drop_pages(std::mem::take(&mut self.kept));
    }
}

/// Moves pages over those at `to`, or to a place of the system's choice: then the old place stays, with no pages in it.
/// Where they are afterwards; None where the system does not do that: kernels before 5.7.
fn move_pages(pages: &Range<usize>, to: Option<usize>) -> Option<usize> {
    if pages.is_empty() {
        return None;
    }
    let length = pages.len();
    let flags = if to.is_some() {
        libc::MREMAP_FIXED | libc::MREMAP_MAYMOVE
    } else {
        libc::MREMAP_DONTUNMAP | libc::MREMAP_MAYMOVE
    };
    // The C library's own function leaves the last argument out where it does not know its need.
    //
    // SAFETY: both places are private memory of this process without references to it: pages that were kept, and those of
    // a guest's memory that its instance, which runs no more or not yet, has at that address as long as it lives.
    let moved = unsafe {
        libc::syscall(libc::SYS_mremap, pages.start, length, length, flags as usize, to.unwrap_or(0))
    };
    usize::try_from(moved).ok()
}

fn drop_pages(pages: Range<usize>) {
    if !pages.is_empty() {
        // SAFETY: pages that were kept; nobody refers to them.
        unsafe { libc::munmap(pages.start as *mut libc::c_void, pages.len()) };
    }
}

/// Advises the system on pages of a new guest's memory. It may refuse: kernels before 5.14 know no populating.
fn advise(pages: Range<usize>, advice: libc::c_int) {
    if !pages.is_empty() {
        // SAFETY: the pages are the guest's, which nothing has run in, and the advice changes nothing of what they hold.
        unsafe { libc::madvise(pages.start as *mut libc::c_void, pages.len(), advice) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages in place of a guest's.
    fn memory(pages: usize) -> memmap2::MmapMut {
        memmap2::MmapMut::map_anon(pages * SYSTEM_PAGE_BYTES).unwrap()
    }

    #[test]
    fn what_one_guest_wrote_is_gone_for_itself_and_the_next_one() {
        let (mut first, mut next) = (memory(5), memory(5));
        let range = |memory: &memmap2::MmapMut| {
            let start = memory.as_ptr().addr() + SYSTEM_PAGE_BYTES;
            start..start + 3 * SYSTEM_PAGE_BYTES
        };
        let mut part = Part::default();
        part.give(range(&first));
        first.fill(7);
        part.take_back();
        assert!(!part.kept.is_empty(), "kernels from 5.7 on move pages");
        let (before, rest) = first.split_at(SYSTEM_PAGE_BYTES);
        let (moved, after) = rest.split_at(3 * SYSTEM_PAGE_BYTES);
        assert!(before.iter().chain(after).all(|byte| *byte == 7), "the neighbours stay");
        assert!(moved.iter().all(|byte| *byte == 0));
        next.fill(8);
        part.give(range(&next));
        assert!(part.kept.is_empty());
        let (before, rest) = next.split_at(SYSTEM_PAGE_BYTES);
        let (given, after) = rest.split_at(3 * SYSTEM_PAGE_BYTES);
        assert!(before.iter().chain(after).all(|byte| *byte == 8));
        assert!(given.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn pages_of_another_length_are_new_ones() {
        let (first, mut next) = (memory(2), memory(3));
        let range = |memory: &memmap2::MmapMut| memory.as_ptr().addr()..memory.as_ptr().addr() + memory.len();
        let mut part = Part::default();
        part.give(range(&first));
        part.take_back();
        part.give(range(&next));
        assert!(part.kept.is_empty());
        next.fill(1);
    }
}

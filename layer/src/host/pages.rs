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

/// Makes ready what an ordinary event touches, before it comes, and asks for large pages where megabytes may be. `data` is
/// where the module's data is, known for modules with much of it. Pages that stay untouched cost nothing.
pub(crate) fn prepare_pages(guest: &mut Instance, data: Option<Range<usize>>) {
    let Range { start, end } = memory::addresses(guest);
    let data = data.map(|data| start + data.start..start + data.end);
    // Small ones first, of which an ordinary event needs few; and last, where allocators keep a word.
    let large_from = data.as_ref().map_or(start, |data| data.end + WORKING_BYTES);
    let large = large_from.next_multiple_of(LARGE_PAGE_BYTES)
        ..end.saturating_sub(1) / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
    advise(large, libc::MADV_HUGEPAGE);
    if let Some(data) = data {
        advise(data.start.saturating_sub(STACK_BYTES).max(start)..data.start, libc::MADV_POPULATE_WRITE);
        advise(data.end..(data.end + WORKING_BYTES).min(end), libc::MADV_POPULATE_WRITE);
        advise(end - SYSTEM_PAGE_BYTES..end, libc::MADV_POPULATE_WRITE);
    }
}

/// Advises the system on pages of a new guest's memory. It may refuse: kernels before 5.14 know no populating.
fn advise(pages: Range<usize>, advice: libc::c_int) {
    if !pages.is_empty() {
        // SAFETY: the pages are the guest's, which nothing has run in, and the advice changes nothing of what they hold.
        unsafe { libc::madvise(pages.start as *mut libc::c_void, pages.len(), advice) };
    }
}

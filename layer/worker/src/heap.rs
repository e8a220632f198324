//! How the heap of the worker's side grows. All libraries there share it, and a start takes longest over its pages: the
//! system needs a microsecond or two for each, but little more for a large one, which holds 512 of them.

use std::ffi::c_int;

/// Up to this size, memory comes from the heap and goes back to it, so that its pages serve the next picture, too. It is
/// as much as the C library would come to by itself after some large pictures.
const IN_HEAP_BYTES: c_int = 32 << 20;

/// Free memory at the heap's end that stays there.
const KEPT_FREE_BYTES: c_int = 64 << 20;

/// Bytes by which the heap grows at least.
const GROWTH_BYTES: c_int = 1 << 20;

/// The part of the heap that has large pages where the system gives them: what loading a module and making a session
/// of a model of a few megabytes take.
const LARGE_PAGES_BYTES: usize = 8 << 20;

/// A large page of x86-64.
const LARGE_PAGE_BYTES: usize = 2 << 20;

/// Sets how the heap grows. This process has one thread. Where the system doesn't follow, only time is lost.
pub(crate) fn prepare() {
    // Heaps of other threads grow page by page, with a call for each.
    set(libc::M_ARENA_MAX, 1);
    set(libc::M_MMAP_THRESHOLD, IN_HEAP_BYTES);
    set(libc::M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
    set(libc::M_TOP_PAD, GROWTH_BYTES);
    ask_for_large_pages();
}

fn set(parameter: c_int, value: c_int) {
    // SAFETY: no pointer is passed, and no other thread allocates.
    unsafe { libc::mallopt(parameter, value) };
}

fn ask_for_large_pages() {
    // SAFETY: any size may be asked for, and null is no harm to `free`.
    let memory = unsafe { libc::malloc(LARGE_PAGES_BYTES) };
    if memory.is_null() {
        return;
    }
    let start = (memory as usize).next_multiple_of(LARGE_PAGE_BYTES);
    let end = (memory as usize + LARGE_PAGES_BYTES) / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
    // SAFETY: the range lies within the memory just received; what its pages hold doesn't change.
    unsafe { libc::madvise(start as *mut _, end.saturating_sub(start), libc::MADV_HUGEPAGE) };
    // SAFETY: `malloc` gave it, and nobody uses it.
    unsafe { libc::free(memory) };
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{LARGE_PAGES_BYTES, prepare};

    /// Parts of memory that lie outside of the heap.
    fn parts_outside() -> usize {
        // SAFETY: a plain call.
        unsafe { libc::mallinfo2() }.hblks
    }

    #[test]
    #[ignore = "sets how its process' heap grows"]
    fn large_buffers_come_from_the_heap() {
        let before = parts_outside();
        let buffer = vec![1_u8; LARGE_PAGES_BYTES];
        assert_eq!(parts_outside(), before + 1, "the C library's own way");
        drop(buffer);
        prepare();
        let buffer = vec![1_u8; LARGE_PAGES_BYTES];
        assert_eq!(parts_outside(), before, "{}", buffer.len());
    }

    #[test]
    fn large_buffers_come_from_the_heap_in_a_process_of_its_own() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "heap::tests::large_buffers_come_from_the_heap", "--ignored"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
}

//! Notes when the system refuses memory, so that the other half can say why a worker ended.

use std::alloc::{GlobalAlloc, Layout, System};

use engine::progress;

/// The system's allocator, which notes what it refuses.
struct Noting;

#[global_allocator]
static ALLOCATOR: Noting = Noting;

fn noted(memory: *mut u8) -> *mut u8 {
    if memory.is_null() {
        progress::note_refused_memory();
    }
    memory
}

// SAFETY: all is the system's allocator's; noting allocates nothing.
unsafe impl GlobalAlloc for Noting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller vouches.
        noted(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller vouches.
        noted(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller vouches.
        noted(unsafe { System.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(memory, layout) }
    }
}

//! Whether the program was started without a standard output (`1>&-`). Rust's library opens `/dev/null` in its place before
//! `main`, and what is written there is lost without an error; so this looks before.

use std::sync::atomic::{AtomicBool, Ordering};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether there was no standard output when the program started.
pub fn was_closed() -> bool {
    WAS_CLOSED.load(Ordering::Relaxed)
}

extern "C" fn look() {
    // SAFETY: fcntl with F_GETFD takes no pointer and changes nothing.
    let is_open = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) } != -1;
    WAS_CLOSED.store(!is_open, Ordering::Relaxed);
}

// SAFETY: the C library calls each function that this section points to once, before Rust's own start; `look` needs nothing
// of Rust's library but an atomic.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = look;

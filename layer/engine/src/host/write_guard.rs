//! Tells whether a guest wrote to a part of its memory: the part can only be read until the first write to it, which
//! opens it.
//!
//! The first write faults; [`crate::faults`] asks here what that means. Nothing in /proc is needed, which a confined
//! worker does not see.

use std::cell::Cell;
use std::io;
use std::ops::Range;

/// A guarded part of the memory of this thread's guest.
#[derive(Clone, Copy)]
struct Guarded {
    start: usize,
    end: usize,
    was_opened: bool,
}

thread_local! {
    static GUARDED: Cell<Guarded> = const { Cell::new(Guarded { start: 0, end: 0, was_opened: false }) };
}

/// Guards these whole pages of a new guest's memory until they are written to, or until [`release`].
pub(super) fn guard(pages: Range<usize>) -> io::Result<()> {
    protect(pages.start, pages.end, libc::PROT_READ)?;
    GUARDED.set(Guarded { start: pages.start, end: pages.end, was_opened: false });
    Ok(())
}

/// Forgets the guarded part; to be called before its memory is given back.
pub(crate) fn release() {
    GUARDED.set(Guarded { start: 0, end: 0, was_opened: false });
}

/// Whether these bytes of the guest's memory are guarded and were never written to.
pub(super) fn are_unchanged(bytes: &[u8]) -> bool {
    let guarded = GUARDED.get();
    let addresses = bytes.as_ptr_range();
    let is_within = guarded.start <= addresses.start.addr() && addresses.end.addr() <= guarded.end;
    is_within && !guarded.was_opened && !bytes.is_empty()
}

/// Opens the part if `address` lies within it, which was about to be written to. Safe in a handler of signals.
pub(crate) fn open_at(address: usize) -> bool {
    let guarded = GUARDED.get();
    if guarded.was_opened || !(guarded.start..guarded.end).contains(&address) {
        return false;
    }
    GUARDED.set(Guarded { was_opened: true, ..guarded });
    protect(guarded.start, guarded.end, libc::PROT_READ | libc::PROT_WRITE).is_ok()
}

/// Opens the part if the system is going to write to these bytes: it would refuse to, without a fault.
pub(super) fn open_for_system(bytes: &[u8]) {
    let guarded = GUARDED.get();
    let addresses = bytes.as_ptr_range();
    if addresses.start.addr() < guarded.end && guarded.start < addresses.end.addr() {
        open_at(guarded.start);
    }
}

fn protect(start: usize, end: usize, access: libc::c_int) -> io::Result<()> {
    // SAFETY: the pages are of a guest's memory, whose users are ready for faults there.
    match unsafe { libc::mprotect(start as *mut libc::c_void, end - start, access) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

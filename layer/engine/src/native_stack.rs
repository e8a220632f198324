//! The native stack of a thread that runs guests.
//!
//! Compiled guests recurse on it, so they can use it up. WasmEdge turns faults of a guest into traps, but its handler
//! would run on the stack that has no room left, and would also leave host functions half done. So `faults` moves
//! the handler to the alternative stack that Rust gives to every thread, and host code that reaches the end of the stack
//! gets a reserve. From the lowest address up:
//!
//! ```text
//! red      never accessible: compiled code doesn't probe its frames, and none may reach over it
//! reserve  opened when host code needs it, closed after the event
//! usable   what guests may use
//! ```

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

/// Address space of the stack; only what is used takes memory.
pub const STACK_BYTES: usize = 24 << 20;

/// Larger than the largest frame: a function may have 50,000 locals of 16 bytes.
const RED_BYTES: usize = 4 << 20;

/// What a host function may need; inference uses the most, some 100 KiB.
const RESERVE_BYTES: usize = 4 << 20;

thread_local! {
    /// The lowest address of a stack for guests; 0 on other threads.
    static BASE: Cell<usize> = const { Cell::new(0) };
    static OVERFLOWED: Cell<bool> = const { Cell::new(false) };
    static RESERVE_IS_OPEN: Cell<bool> = const { Cell::new(false) };
}

/// Bytes of the stack that handlers of faults run on. Rust gives 8 KiB, of which the system's picture of the registers alone
/// takes up to 3 with AVX-512 and 11 with AMX, and WasmEdge's handler some more.
const HANDLER_STACK_BYTES: usize = 64 << 10;

/// Keeps the calling thread's stack fit for guests; on drop it is as before.
#[derive(Debug)]
pub(crate) struct GuestStack {
    base: usize,
    /// The thread's stack for handlers before.
    handlers_before: libc::stack_t,
    _handlers: Box<[u8]>,
}

impl GuestStack {
    /// Guards the stack of the calling thread, which must have been started with [`STACK_BYTES`]; faults of the process must
    /// be handled already ([`crate::faults::install`]).
    ///
    /// # Errors
    /// The system's reason.
    pub(crate) fn of_this_thread() -> std::io::Result<Self> {
        let base = base_of_this_thread()?;
        protect(base, RED_BYTES + RESERVE_BYTES, libc::PROT_NONE)?;
        BASE.set(base);
        let mut handlers = vec![0; HANDLER_STACK_BYTES].into_boxed_slice();
        let handlers_before = set_handler_stack(&libc::stack_t {
            ss_sp: handlers.as_mut_ptr().cast(),
            ss_flags: 0,
            ss_size: HANDLER_STACK_BYTES,
        })?;
        Ok(Self { base, handlers_before, _handlers: handlers })
    }
}

impl Drop for GuestStack {
    fn drop(&mut self) {
        BASE.set(0);
        // Where that fails, no handler runs here any more.
        drop(set_handler_stack(&self.handlers_before));
        // The C library gives the stack to a later thread as it is.
        drop(protect(self.base, RED_BYTES + RESERVE_BYTES, libc::PROT_READ | libc::PROT_WRITE));
    }
}

/// Sets this thread's stack for handlers of signals; what it was before.
fn set_handler_stack(stack: &libc::stack_t) -> std::io::Result<libc::stack_t> {
    let mut before = MaybeUninit::uninit();
    // SAFETY: the stack lives until another one is set, and no handler runs while one is.
    match unsafe { libc::sigaltstack(stack, before.as_mut_ptr()) } {
        // SAFETY: filled by the call.
        0 => Ok(unsafe { before.assume_init() }),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Whether an event on this thread used up the stack; to be asked after each, as it also closes the reserve.
pub(crate) fn was_used_up() -> bool {
    if RESERVE_IS_OPEN.take() {
        // Failing to close it costs only that the next event gets a larger stack.
        drop(protect(BASE.get() + RED_BYTES, RESERVE_BYTES, libc::PROT_NONE));
    }
    OVERFLOWED.take()
}

/// Whether the event that runs on this thread has used up the stack: a host function that has got the reserve must be the
/// last one.
pub(crate) fn is_used_up() -> bool {
    OVERFLOWED.get()
}

fn protect(address: usize, length: usize, access: c_int) -> std::io::Result<()> {
    // SAFETY: called with the lowest part of this thread's own stack only, below every frame in use.
    match unsafe { libc::mprotect(address as *mut c_void, length, access) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// The lowest address of the calling thread's stack.
fn base_of_this_thread() -> std::io::Result<usize> {
    let mut attributes = MaybeUninit::uninit();
    let (mut base, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are initialised by the first call, read by the second and destroyed once.
    let error = unsafe {
        match libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) {
            0 => {
                let error = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut base, &raw mut size);
                libc::pthread_attr_destroy(attributes.as_mut_ptr());
                error
            }
            error => error,
        }
    };
    match error {
        0 if size > STACK_BYTES / 2 => Ok(base as usize),
        0 => Err(std::io::Error::other(format!("the thread's stack has only {size} bytes"))),
        error => Err(std::io::Error::from_raw_os_error(error)),
    }
}

/// Whether `address` is at the end of this thread's stack for guests.
fn is_end(address: usize) -> bool {
    let base = BASE.get();
    base != 0 && (base..base + RED_BYTES + RESERVE_BYTES).contains(&address)
}

/// Notes that the stack is used up if `address` is at its end, and opens the reserve for host code; whether the code may
/// go on. Safe in a handler of signals.
pub(crate) fn is_opened_at(address: usize, is_host: bool) -> bool {
    if !is_end(address) {
        return false;
    }
    OVERFLOWED.set(true);
    let open = libc::PROT_READ | libc::PROT_WRITE;
    is_host && !RESERVE_IS_OPEN.replace(true) && protect(BASE.get() + RED_BYTES, RESERVE_BYTES, open).is_ok()
}

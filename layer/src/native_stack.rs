//! The native stack of a thread that runs guests.
//!
//! Compiled guests recurse on it, so they can use it up. WasmEdge turns faults of a guest into traps, but its handler
//! would run on the faulting stack, which has no room left, and it would also leave host functions half done. So
//! [`take_over`] moves the handler to the alternative stack that Rust gives to every thread, and host code that meets
//! the end of the stack gets a reserve. From the lowest address up:
//!
//! ```text
//! red      never accessible: compiled code doesn't probe its frames, and none may reach over it
//! reserve  opened when host code needs it, closed after the event
//! usable   what guests may use
//! ```

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Address space of the stack; only what is used takes memory.
pub(crate) const STACK_BYTES: usize = 24 << 20;

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

/// Keeps the calling thread's stack fit for guests; on drop it is as before.
#[derive(Debug)]
pub(crate) struct GuestStack {
    base: usize,
}

impl GuestStack {
    /// Guards the stack of the calling thread, which must have been started with [`STACK_BYTES`].
    ///
    /// # Errors
    /// The system's reason.
    pub(crate) fn of_this_thread() -> std::io::Result<Self> {
        HOST_CODE.get_or_init(host_code);
        let base = base_of_this_thread()?;
        protect(base, RED_BYTES + RESERVE_BYTES, libc::PROT_NONE)?;
        BASE.set(base);
        Ok(Self { base })
    }
}

impl Drop for GuestStack {
    fn drop(&mut self) {
        BASE.set(0);
        // The C library gives the stack to a later thread as it is.
        drop(protect(self.base, RED_BYTES + RESERVE_BYTES, libc::PROT_READ | libc::PROT_WRITE));
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

/// Where the program's and its libraries' code lies. Compiled guests lie outside.
static HOST_CODE: OnceLock<Vec<std::ops::Range<usize>>> = OnceLock::new();

fn host_code() -> Vec<std::ops::Range<usize>> {
    unsafe extern "C" fn note(info: *mut libc::dl_phdr_info, _size: usize, ranges: *mut c_void) -> c_int {
        // SAFETY: the loader's description of an object, and the vector below.
        let (info, ranges) = unsafe { (&*info, &mut *ranges.cast::<Vec<std::ops::Range<usize>>>()) };
        for index in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: an object has this many headers.
            let header = unsafe { &*info.dlpi_phdr.add(index) };
            if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0 {
                let start = (info.dlpi_addr + header.p_vaddr) as usize;
                ranges.push(start..start + header.p_memsz as usize);
            }
        }
        0
    }
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    // SAFETY: the callback gets what it expects and keeps nothing.
    unsafe { libc::dl_iterate_phdr(Some(note), (&raw mut ranges).cast()) };
    ranges
}

/// The handler of SIGSEGV that somebody installed.
static INSTALLED_HANDLER: AtomicUsize = AtomicUsize::new(0);

type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// Changes an action for SIGSEGV that is to be installed, so that it runs on the alternative stack and after ours.
///
/// WasmEdge installs its handler anew whenever it enters compiled code, without that flag and without a way to ask for
/// it.
pub(crate) fn take_over(action: &mut libc::sigaction) {
    let is_handler = action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN;
    if is_handler && action.sa_flags & libc::SA_SIGINFO != 0 && action.sa_sigaction != own_handler() {
        INSTALLED_HANDLER.store(action.sa_sigaction, Ordering::Relaxed);
        action.sa_sigaction = own_handler();
        action.sa_flags |= libc::SA_ONSTACK;
    }
}

/// What [`take_over`] took the place of; 0 if there was nothing yet.
pub(crate) fn installed_handler() -> usize {
    INSTALLED_HANDLER.load(Ordering::Relaxed)
}

/// Puts the handler that was `installed` into an action that names ours.
pub(crate) fn give_back(action: &mut libc::sigaction, installed: usize) {
    if action.sa_sigaction == own_handler() {
        action.sa_sigaction = installed;
    }
}

fn own_handler() -> usize {
    on_segmentation_fault as *const () as usize
}

/// Gives host code the reserve where it meets the end of the stack; leaves everything else to the installed handler.
unsafe extern "C" fn on_segmentation_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's information about this fault.
    let (address, instruction) =
        unsafe { ((*info).si_addr() as usize, program_counter(context.cast::<libc::ucontext_t>())) };
    let base = BASE.get();
    if base != 0 && (base..base + RED_BYTES + RESERVE_BYTES).contains(&address) {
        OVERFLOWED.set(true);
        let is_host =
            HOST_CODE.get().is_some_and(|ranges| ranges.iter().any(|range| range.contains(&instruction)));
        let open = libc::PROT_READ | libc::PROT_WRITE;
        if is_host && !RESERVE_IS_OPEN.replace(true) && protect(base + RED_BYTES, RESERVE_BYTES, open).is_ok()
        {
            return;
        }
    }
    let handler = installed_handler();
    // SAFETY: a handler with SA_SIGINFO was installed, or this one would not run; it gets its own arguments.
    unsafe { std::mem::transmute::<usize, Handler>(handler)(signal, info, context) }
}

/// The address of the instruction that faulted.
unsafe fn program_counter(context: *mut libc::ucontext_t) -> usize {
    // SAFETY: the kernel's context of this fault.
    let machine = unsafe { &(*context).uc_mcontext };
    #[cfg(target_arch = "x86_64")]
    let counter = machine.gregs[libc::REG_RIP as usize].cast_unsigned();
    #[cfg(target_arch = "aarch64")]
    let counter = machine.pc;
    counter as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_the_reaction_to_a_fault_gets_the_one_that_was_installed() {
        let reaction = || {
            let mut action = MaybeUninit::uninit();
            // SAFETY: only reads the present action into the place given.
            unsafe {
                assert_eq!(libc::sigaction(libc::SIGSEGV, std::ptr::null(), action.as_mut_ptr()), 0);
                action.assume_init()
            }
        };
        // Rust's own, or WasmEdge's where an event ran before.
        let found: libc::sigaction = reaction();
        assert_ne!(found.sa_sigaction, own_handler());
        // SAFETY: puts back what was found.
        unsafe { libc::sigaction(libc::SIGSEGV, &raw const found, std::ptr::null_mut()) };
        assert_ne!(installed_handler(), own_handler());
    }
}

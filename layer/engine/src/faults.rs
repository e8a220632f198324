//! Decides what a fault of the processor means: a trap of the guest, the end of its stack, a first write to a guarded
//! page, or the end of the process.
//!
//! WasmEdge turns a fault into a trap by jumping out of whatever the thread was doing. That is right in guest code, but in
//! host code it would leave borrows and locks behind and hide damage. So WasmEdge's handler only gets the faults of guest
//! code; a fault of host code ends the process, and a worker may end.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::host::write_guard;
use crate::native_stack;

/// The signals that a fault may come as.
const SIGNALS: [c_int; 3] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE];

/// The handlers that somebody installed for them.
static INSTALLED: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// Whether this signal's handlers are taken over.
pub(crate) fn is_fault(signal: c_int) -> bool {
    SIGNALS.contains(&signal)
}

/// Handles the faults of this process from now on, also before anybody else asks to.
pub(crate) fn install() {
    HOST_CODE.get_or_init(host_code);
    for signal in SIGNALS {
        // SAFETY: a zeroed action is one without flags and with an empty mask; the handler is fit for signals.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = own_handler();
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

/// Changes an action for a fault that is to be installed, so that it runs on the alternative stack and after ours.
///
/// WasmEdge installs its handler anew whenever it enters compiled code, without that flag and without a way to ask for
/// it.
pub(crate) fn take_over(signal: c_int, action: &mut libc::sigaction) {
    let is_handler = action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN;
    if is_handler && action.sa_flags & libc::SA_SIGINFO != 0 && action.sa_sigaction != own_handler() {
        if let Some(installed) = place_of(signal) {
            installed.store(action.sa_sigaction, Ordering::Relaxed);
        }
        action.sa_sigaction = own_handler();
        action.sa_flags |= libc::SA_ONSTACK;
    }
}

/// What [`take_over`] took the place of; 0 if there was nothing yet.
pub(crate) fn installed_handler(signal: c_int) -> usize {
    place_of(signal).map_or(0, |installed| installed.load(Ordering::Relaxed))
}

/// Puts the handler that was `installed` into an action that names ours.
pub(crate) fn give_back(action: &mut libc::sigaction, installed: usize) {
    if action.sa_sigaction == own_handler() && installed != 0 {
        action.sa_sigaction = installed;
    }
}

fn place_of(signal: c_int) -> Option<&'static AtomicUsize> {
    SIGNALS.iter().position(|known| *known == signal).and_then(|place| INSTALLED.get(place))
}

fn own_handler() -> usize {
    on_fault as *const () as usize
}

unsafe extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel's information about this fault.
    let (address, instruction) =
        unsafe { ((*info).si_addr() as usize, program_counter(context.cast::<libc::ucontext_t>())) };
    if signal == libc::SIGSEGV && write_guard::open_at(address) {
        return;
    }
    let is_host = is_host_code(instruction);
    if signal == libc::SIGSEGV && native_stack::is_opened_at(address, is_host) {
        return;
    }
    let handler = installed_handler(signal);
    if is_host || handler == 0 {
        // Back to the instruction that faults again, now without a handler: the process ends by this signal.
        // SAFETY: the default reaction calls nothing.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        return;
    }
    // SAFETY: a handler with SA_SIGINFO was installed; it gets its own arguments.
    unsafe { std::mem::transmute::<usize, Handler>(handler)(signal, info, context) }
}

/// Where the program's and its libraries' code lies. Compiled guests lie outside.
static HOST_CODE: OnceLock<Vec<std::ops::Range<usize>>> = OnceLock::new();

/// Whether an instruction is the host's; also true where nothing is known.
fn is_host_code(instruction: usize) -> bool {
    HOST_CODE.get().is_none_or(|ranges| ranges.iter().any(|range| range.contains(&instruction)))
}

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
    use std::mem::MaybeUninit;

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
        assert_ne!(installed_handler(libc::SIGSEGV), own_handler());
    }

    #[test]
    fn the_code_of_the_program_and_its_libraries_is_the_host_s() {
        HOST_CODE.get_or_init(host_code);
        assert!(is_host_code(own_handler()));
        assert!(is_host_code(libc::getpid as *const () as usize));
        let not_code = Box::new(0);
        assert!(!is_host_code(std::ptr::from_ref(&*not_code).addr()));
    }
}

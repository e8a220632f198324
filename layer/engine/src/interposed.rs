//! The program's own definitions of functions of the C library and of LLVM, where WasmEdge and LLVM leave no other choice.
//!
//! A program's definition takes precedence over a library's: for the program's own code and, since it is exported
//! (layer/build.rs), also for its libraries.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::thread::LocalKey;

use crate::{faults, processor};

thread_local! {
    static KEPT: Cell<bool> = const { Cell::new(false) };
    static FOR_ANY_PROCESSOR: Cell<bool> = const { Cell::new(false) };
}

/// A setting of this thread, until it is dropped.
#[derive(Debug)]
pub(crate) struct ThreadSetting(&'static LocalKey<Cell<bool>>);

impl ThreadSetting {
    fn new(setting: &'static LocalKey<Cell<bool>>) -> Self {
        setting.set(true);
        Self(setting)
    }

    /// No code of this thread changes the process's reactions to signals.
    ///
    /// LLVM takes over sixteen signals when its linker writes a file (llvm/lib/Support/Unix/Signals.inc): its own
    /// reaction to SIGTERM ends the process, and its reaction to SIGSEGV would stand in for WasmEdge's while a guest runs.
    pub(crate) fn keep_signal_reactions() -> Self {
        Self::new(&KEPT)
    }

    /// What this thread compiles uses no instruction beyond [`processor::LLVM_BASELINE`].
    ///
    /// WasmEdge's "generic binary" is for a processor of no name, but with the features of this machine's
    /// (lib/llvm/codegen.cpp): such code dies on a machine without them.
    pub(crate) fn compile_for_any_processor() -> Self {
        Self::new(&FOR_ANY_PROCESSOR)
    }
}

impl Drop for ThreadSetting {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

type Sigaction = unsafe extern "C" fn(c_int, *const libc::sigaction, *mut libc::sigaction) -> c_int;

/// The C library's function of this name; handlers of faults run on the alternative stack
/// ([`faults::take_over`]), and nothing changes while this thread keeps the reactions as they are.
///
/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
#[expect(unreachable_pub, reason = "it is called from outside the program's own code")]
pub unsafe extern "C" fn sigaction(
    signal: c_int,
    new: *const libc::sigaction,
    old: *mut libc::sigaction,
) -> c_int {
    let Some(next) = of_library(c"sigaction") else {
        return -1;
    };
    // SAFETY: the type is the documented one.
    let next = unsafe { std::mem::transmute::<*mut c_void, Sigaction>(next) };
    // SAFETY: the caller's pointer is null or valid.
    let mut action = unsafe { new.as_ref() }.copied().filter(|_| !KEPT.get());
    let installed_before = faults::installed_handler(signal);
    if faults::is_fault(signal)
        && let Some(action) = &mut action
    {
        faults::take_over(signal, action);
    }
    // SAFETY: null or a valid action, and the caller's place for the old one.
    let result = unsafe { next(signal, action.as_ref().map_or(std::ptr::null(), std::ptr::from_ref), old) };
    // SAFETY: the caller's pointer is null or valid.
    let old = unsafe { old.as_mut() };
    if faults::is_fault(signal)
        && let Some(old) = old
    {
        // Who puts the old handler back must get the one that was installed, or ours would call itself for ever.
        faults::give_back(old, installed_before);
    }
    result
}

type TimerCreate = unsafe extern "C" fn(libc::clockid_t, *mut libc::sigevent, *mut libc::timer_t) -> c_int;

/// The C library's function of this name; a signal that was meant for the process goes to the calling thread.
///
/// wasmedge-sys (`Executor::call_func_with_timeout`) asks for a signal to the process, which any thread may get. That
/// thread reads from the worker's stack whom to pass it on to, also when the call has ended meanwhile, and what it then
/// finds there is no thread. A signal to the worker itself comes while the timer exists or not at all.
///
/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
#[expect(unreachable_pub, reason = "it is called from outside the program's own code")]
pub unsafe extern "C" fn timer_create(
    clock: libc::clockid_t,
    event: *mut libc::sigevent,
    timer: *mut libc::timer_t,
) -> c_int {
    let Some(next) = of_library(c"timer_create") else {
        return -1;
    };
    // SAFETY: the type is the documented one.
    let next = unsafe { std::mem::transmute::<*mut c_void, TimerCreate>(next) };
    // SAFETY: the caller's pointer is null or valid.
    if let Some(event) = unsafe { event.as_mut() }
        && event.sigev_notify == libc::SIGEV_SIGNAL
    {
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        // SAFETY: always succeeds.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
    }
    // SAFETY: the caller's arguments.
    unsafe { next(clock, event, timer) }
}

type GetHostCpuFeatures = unsafe extern "C" fn() -> *mut c_char;

/// LLVM's function of this name (llvm-c/TargetMachine.h); the least features while this thread compiles for any processor. The
/// text is the caller's, to be given to `free`.
///
/// # Safety
/// As LLVM's.
#[unsafe(no_mangle)]
#[expect(unreachable_pub, reason = "it is called from outside the program's own code")]
pub unsafe extern "C" fn LLVMGetHostCPUFeatures() -> *mut c_char {
    match of_library(c"LLVMGetHostCPUFeatures") {
        Some(next) if !FOR_ANY_PROCESSOR.get() => {
            // SAFETY: the type is the documented one, and the function takes nothing.
            unsafe { std::mem::transmute::<*mut c_void, GetHostCpuFeatures>(next)() }
        }
        // SAFETY: a text with its end.
        _ => unsafe { libc::strdup(processor::LLVM_BASELINE.as_ptr()) },
    }
}

/// The library's own function of this name.
fn of_library(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: a name with its end.
    let function = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    (!function.is_null()).then_some(function)
}

#[cfg(test)]
mod tests {
    use std::mem::MaybeUninit;

    use super::*;

    fn reaction_to(signal: c_int) -> libc::sigaction {
        let mut action = MaybeUninit::uninit();
        // SAFETY: only reads the present action into the place given.
        unsafe {
            assert_eq!(libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()), 0);
            action.assume_init()
        }
    }

    #[test]
    fn reactions_to_signals_stay_while_they_are_kept() {
        let before = reaction_to(libc::SIGUSR2);
        let ignored = libc::sigaction { sa_sigaction: libc::SIG_IGN, ..before };
        let kept = ThreadSetting::keep_signal_reactions();
        // SAFETY: ignoring a signal calls nothing.
        unsafe { libc::sigaction(libc::SIGUSR2, &raw const ignored, std::ptr::null_mut()) };
        assert_eq!(reaction_to(libc::SIGUSR2).sa_sigaction, before.sa_sigaction);
        drop(kept);
        // SAFETY: as above.
        unsafe { libc::sigaction(libc::SIGUSR2, &raw const ignored, std::ptr::null_mut()) };
        assert_eq!(reaction_to(libc::SIGUSR2).sa_sigaction, libc::SIG_IGN);
    }
}

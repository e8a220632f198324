//! Keeps the process's reactions to signals as they are.

use std::mem::MaybeUninit;

/// What LLVM takes over when its linker writes a file (llvm/lib/Support/Unix/Signals.inc): its own reaction to
/// SIGTERM ends the process, also when a handler that was installed later calls the one that it found.
const TAKEN: [libc::c_int; 16] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGPIPE,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGFPE,
    libc::SIGBUS,
    libc::SIGSEGV,
    libc::SIGQUIT,
    libc::SIGSYS,
    libc::SIGXCPU,
    libc::SIGXFSZ,
];

/// The reactions when it was made; comes back to them when it is dropped.
pub(super) struct SignalReactions(Vec<(libc::c_int, libc::sigaction)>);

impl SignalReactions {
    pub(super) fn keep() -> Self {
        let now = |signal: libc::c_int| {
            let mut action = MaybeUninit::uninit();
            // SAFETY: without a new action the call only writes the present one, and has done so if it returns 0.
            unsafe {
                (libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0)
                    .then(|| (signal, action.assume_init()))
            }
        };
        Self(TAKEN.into_iter().filter_map(now).collect())
    }
}

impl Drop for SignalReactions {
    fn drop(&mut self) {
        for (signal, action) in &self.0 {
            // SAFETY: the action was in force before, so its handler is one that may be called. A failure leaves
            // LLVM's reaction, which is no worse than before.
            unsafe { libc::sigaction(*signal, action, std::ptr::null_mut()) };
        }
    }
}

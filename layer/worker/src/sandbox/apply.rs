//! Giving a filter to the system, also to one that has only the older way.

use seccompiler::{BpfProgram, Error};

/// Applies a filter to this thread and those that it starts.
///
/// # Errors
/// The system's reason.
pub(super) fn to_this_thread(filter: &BpfProgram) -> Result<(), String> {
    match seccompiler::apply_filter(filter) {
        Ok(()) => Ok(()),
        // Before Linux 3.17 there is no call of this name, but prctl does the same for one thread.
        Err(Error::Seccomp(error)) if error.raw_os_error() == Some(libc::ENOSYS) => by_prctl(filter),
        Err(error) => Err(error.to_string()),
    }
}

fn by_prctl(filter: &BpfProgram) -> Result<(), String> {
    let length = u16::try_from(filter.len()).map_err(|_| "the filter is too long".to_owned())?;
    let program = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut().cast() };
    // SAFETY: the system reads as many instructions as the program has, which lives until the call returns; the crate's
    // type of an instruction is the system's.
    match unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().to_string()),
    }
}

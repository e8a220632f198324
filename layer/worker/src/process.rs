//! Starts processes as copies of this one, and takes from them what they don't need.

use std::ffi::c_int;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use engine::answer::WorkerEnd;

/// Starts a copy of this process, which has no other threads, and runs `work` in it; the process's number. What `work`
/// returns is the copy's exit code.
///
/// # Errors
/// The system's reason.
pub(crate) fn start(work: impl FnOnce() -> i32) -> io::Result<i32> {
    // SAFETY: the process has one thread, so no lock is held by another one; the copy never returns from here.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(101);
            // SAFETY: ends the process at once, without what the original registered for its own end.
            unsafe { libc::_exit(code) }
        }
        process => Ok(process),
    }
}

/// Kills a process that this one started, if it lives, and waits for its end; the most memory that it had, in bytes.
///
/// # Errors
/// The system's reason: it is not a child, or no longer.
pub fn end(process: i32) -> io::Result<(WorkerEnd, u64)> {
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: a child that was not waited for keeps its number, so nobody else is meant; the places are ours.
    let waited = unsafe {
        libc::kill(process, libc::SIGKILL);
        libc::wait4(process, &raw mut status, 0, usage.as_mut_ptr())
    };
    if waited != process {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: zeroed at first, and filled by the system.
    let usage = unsafe { usage.assume_init() };
    let end = if libc::WIFSIGNALED(status) {
        WorkerEnd::Signalled(libc::WTERMSIG(status))
    } else {
        WorkerEnd::Exited(libc::WEXITSTATUS(status))
    };
    Ok((end, u64::try_from(usage.ru_maxrss).unwrap_or(0) << 10))
}

/// Bytes of the most memory that this process had at once.
pub(crate) fn peak_bytes() -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the place is ours, and zeroed where the system fills nothing.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    u64::try_from(usage.ru_maxrss).unwrap_or(0) << 10
}

/// Leaves behind what the front may have and this half must not: its environment and arguments, its descriptors but
/// `channel`, its terminal's signals; and ends with the front.
///
/// # Errors
/// The system's reason.
pub(crate) fn detach(channel: RawFd, front: i32) -> io::Result<()> {
    if parent() != front {
        return Err(io::Error::other("the front is gone"));
    }
    // Signals of the terminal and of service managers are for the front, which ends this half in its own time.
    // SAFETY: a group of its own, and reactions that call nothing.
    unsafe {
        libc::setpgid(0, 0);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
    forget_environment();
    close_all_but(channel)?;
    // Where memory is short, a worker is to go and not the front (proc(5)). Not everywhere is there such a file.
    drop(std::fs::write("/proc/self/oom_score_adj", "500"));
    Ok(())
}

/// The number of this process's parent.
pub(crate) fn parent() -> i32 {
    // SAFETY: a plain call.
    unsafe { libc::getppid() }
}

/// Has the system end this process with the one that started it.
pub(crate) fn end_with_parent() {
    // Without it, the end of the channel still ends a worker between events.
    // SAFETY: a plain call.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Takes that back: the end of the channel is enough for a process that looks at it.
pub(crate) fn end_by_itself() {
    // SAFETY: a plain call.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, 0) };
}

/// Overwrites the environment and the arguments, which may hold keys, in this process's copy.
fn forget_environment() {
    unsafe extern "C" {
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: one thread; each entry is a text with its end that stays where the system put it. Nothing here reads the
    // environment afterwards but through the C library, which then finds none.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let length = libc::strlen(*entry);
            std::ptr::write_bytes(*entry, 0, length);
            entry = entry.add(1);
        }
        libc::clearenv();
    }
    overwrite_arguments();
}

/// The texts of the arguments lie one after the other; the system shows them as the process's command line.
fn overwrite_arguments() {
    // The line's place is known from /proc only (proc(5), arg_start and arg_end); where there is none, a worker may see
    // how it was called.
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return };
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or_else(Vec::new, |(_, rest)| rest.split(' ').collect());
    let number = |index: usize| fields.get(index).and_then(|field| field.trim().parse::<usize>().ok());
    // Fields 48 and 49; the third is the first behind the name.
    let (Some(start), Some(end)) = (number(46), number(47)) else { return };
    let title = b"vision worker";
    if start == 0 || end <= start + title.len() {
        return;
    }
    // SAFETY: the system's own bounds of the arguments, which nothing here reads any more.
    unsafe {
        std::ptr::write_bytes(start as *mut u8, 0, end - start);
        std::ptr::copy_nonoverlapping(title.as_ptr(), start as *mut u8, title.len());
    }
}

/// Has the system refuse to make files larger than they may be (setrlimit(2), RLIMIT_FSIZE) instead of ending the process.
pub fn outlive_full_files() {
    // SAFETY: a reaction that calls nothing.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Puts nothing behind the standard streams and closes all other descriptors but `channel`.
fn close_all_but(channel: RawFd) -> io::Result<()> {
    let nothing = OpenOptions::new().read(true).write(true).open("/dev/null");
    for stream in 0..=2 {
        match &nothing {
            // SAFETY: descriptors of this process, whose standard streams nobody uses any more.
            Ok(nothing) if unsafe { libc::dup2(nothing.as_raw_fd(), stream) } == -1 => {
                return Err(io::Error::last_os_error());
            }
            Ok(_) => {}
            // An empty root has no such file; a socket whose other end is closed takes nothing either.
            Err(_) => dead_end(stream)?,
        }
    }
    let first = 3;
    let own = channel.unsigned_abs();
    if own > first {
        close_range(first, own - 1);
    }
    close_range(own + 1, c_int::MAX.unsigned_abs());
    // The file that was opened above is closed with the others.
    std::mem::forget(nothing);
    Ok(())
}

/// Makes a file this process's standard error.
pub(crate) fn say_into(file: RawFd) {
    // Where it fails, nothing is said.
    // SAFETY: descriptors of this process.
    unsafe { libc::dup2(file, 2) };
}

fn dead_end(stream: c_int) -> io::Result<()> {
    let (end, _) = crate::channel::Socket::pair()?;
    // SAFETY: as above.
    match unsafe { libc::dup2(end.as_raw_fd(), stream) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Closes a descriptor that this copy of a process has of the original and never uses.
pub(crate) fn close(descriptor: RawFd) {
    // SAFETY: what owns it in the original is never used or dropped in the copy, which ends by `_exit`.
    unsafe { libc::close(descriptor) };
}

/// Closes the descriptors from `first` to `last`.
fn close_range(first: u32, last: u32) {
    // SAFETY: nothing in this process uses descriptors but the channel and what it opens from now on.
    unsafe {
        if libc::syscall(libc::SYS_close_range, first, last, 0) == 0 {
            return;
        }
        // Before Linux 5.9: one by one, as many as there may be.
        let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 65_536) as u32;
        for descriptor in first..=last.min(most) {
            libc::close(descriptor.cast_signed());
        }
    }
}

/// Lets nobody of the same user look into this process, and leaves no picture of its memory when it dies.
pub(crate) fn hide() {
    // SAFETY: plain calls. Where they fail, the file system's rights still hold.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
    }
}

/// Takes no more data memory than `bytes` from now on (setrlimit(2), RLIMIT_DATA; kernels before 4.7 count only a part).
pub(crate) fn limit_memory(bytes: u64) {
    set_data_limit(libc::rlimit { rlim_cur: bytes, rlim_max: bytes });
}

/// Takes no more address space than `bytes` from now on: pages that were only read take no data memory, but the system's
/// tables of them take some.
pub(crate) fn limit_addresses(bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: a plain call. A lower limit that is there already stays.
    unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
}

/// The same as [`limit_memory`] for the nursery, whose workers may have more.
pub(crate) fn limit_own_memory(bytes: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a plain call; where it fails, there is no upper bound to keep.
    unsafe { libc::getrlimit(libc::RLIMIT_DATA, &raw mut limit) };
    set_data_limit(libc::rlimit { rlim_cur: bytes.min(limit.rlim_max), ..limit });
}

fn set_data_limit(limit: libc::rlimit) {
    // SAFETY: a plain call. A lower limit that is there already stays.
    unsafe { libc::setrlimit(libc::RLIMIT_DATA, &raw const limit) };
}

/// The bytes of data memory that this process has (proc(5), statm), from a file that was opened before it was confined.
pub(crate) fn data_bytes(statm: Option<&File>) -> u64 {
    /// Where it is not told: more than the program and its libraries were ever seen to have.
    const UNKNOWN: u64 = 64 << 20;
    pages(statm, 5).map_or(UNKNOWN, |pages| pages * 4096)
}

/// The bytes of address space that it has.
pub(crate) fn address_bytes(statm: Option<&File>) -> u64 {
    const UNKNOWN: u64 = 2 << 30;
    pages(statm, 0).map_or(UNKNOWN, |pages| pages * 4096)
}

fn pages(statm: Option<&File>, field: usize) -> Option<u64> {
    use std::os::unix::fs::FileExt as _;
    let mut text = [0; 128];
    let read = statm?.read_at(&mut text, 0).ok()?;
    let text = String::from_utf8_lossy(text.get(..read)?).into_owned();
    text.split(' ').nth(field)?.trim().parse().ok()
}

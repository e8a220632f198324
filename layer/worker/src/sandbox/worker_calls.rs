//! What a worker may ask of the system: a list of what is allowed, since a worker needs little and strangers' bytes are
//! all that it works on. Everything else fails with EPERM.

use std::collections::BTreeMap;

use libc::{c_int, c_long};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::filters::{architecture, no_clone3};

/// Memory, time, threads of its own, its channel, and files that are open.
const ALLOWED: [c_long; 54] = [
    // Memory. Mapping and protecting have conditions, below.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    // Messages and open files. What is open was given by the front, or opened by the rules below.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_getdents64,
    libc::SYS_poll,
    libc::SYS_ppoll,
    // Signals of this process's own making: faults and the time limit.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_timer_create,
    libc::SYS_timer_settime,
    libc::SYS_timer_gettime,
    libc::SYS_timer_delete,
    libc::SYS_timer_getoverrun,
    // Time.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_restart_syscall,
    // Threads for inference; that they are threads is checked below.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // What the process knows of itself.
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrusage,
    libc::SYS_getrandom,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// What modules with granted folders ask about files. Landlock does not see such questions, so nobody else may ask.
const ASKING: [c_long; 8] = [
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_getcwd,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
];

/// What modules with granted folders do with files besides.
const WRITING: [c_long; 12] = [
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_utimensat,
    libc::SYS_copy_file_range,
];

/// The same by their older numbers, which only some architectures have.
#[cfg(target_arch = "x86_64")]
const OLDER: [c_long; 1] = [libc::SYS_time];
#[cfg(target_arch = "x86_64")]
const OLDER_FILES: [c_long; 8] = [
    libc::SYS_access,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_readlink,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
];

/// The bit of O_TMPFILE that no other flag has (include/uapi/asm-generic/fcntl.h).
const TEMPORARY: c_int = 0o20_000_000;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Confines this process, which has one thread. `has_folders`: whether the module may write files.
///
/// # Errors
/// The system's reason.
pub(super) fn confine(has_folders: bool) -> Result<(), String> {
    let filters = [no_clone3(), allowed(has_folders, std::process::id())];
    for filter in filters {
        super::apply::to_this_thread(&filter.map_err(|error| error.to_string())?)?;
    }
    Ok(())
}

fn allowed(has_folders: bool, process: u32) -> Result<BpfProgram, BackendError> {
    let mut rules = Rules::new();
    ALLOWED.into_iter().for_each(|call| drop(rules.insert(call, Vec::new())));
    if has_folders {
        ASKING.into_iter().chain(WRITING).for_each(|call| drop(rules.insert(call, Vec::new())));
    }
    #[cfg(target_arch = "x86_64")]
    {
        OLDER.into_iter().for_each(|call| drop(rules.insert(call, Vec::new())));
        if has_folders {
            OLDER_FILES.into_iter().for_each(|call| drop(rules.insert(call, Vec::new())));
        }
    }
    // No new code. Memory that is shared is not counted as the process's own, so none is made.
    let never_code = lacks_bits(2, libc::PROT_EXEC)?;
    // Nor is memory that grows down like a stack.
    let private = rule(&[never_code.clone(), lacks_bits(3, libc::MAP_SHARED | libc::MAP_GROWSDOWN)?])?;
    let shown = rule(&[
        lacks_bits(2, libc::PROT_EXEC | libc::PROT_WRITE)?,
        lacks_bits(3, libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN)?,
    ])?;
    rules.insert(libc::SYS_mmap, vec![private, shown]);
    let grows = libc::PROT_GROWSDOWN | libc::PROT_GROWSUP;
    rules.insert(libc::SYS_mprotect, vec![rule(&[lacks_bits(2, libc::PROT_EXEC | grows)?])?]);
    // Threads, no processes. clone3 keeps its flags in memory, where no filter sees them.
    rules.insert(libc::SYS_clone, vec![rule(&[has_bits(0, libc::CLONE_THREAD | libc::CLONE_VM)?])?]);
    rules.insert(libc::SYS_clone3, Vec::new());
    // Signals to itself only, limits of its own only, and none that are new.
    rules.insert(libc::SYS_tgkill, vec![rule(&[is(0, u64::from(process))?])?]);
    rules.insert(libc::SYS_prlimit64, vec![rule(&[is(0, 0)?, is_null(2)?])?]);
    // Of what fcntl can do, nothing that sends signals when a file is ready (F_SETOWN, F_SETSIG).
    let mut about_files =
        vec![libc::F_DUPFD, libc::F_DUPFD_CLOEXEC, libc::F_GETFD, libc::F_SETFD, libc::F_GETFL];
    if has_folders {
        about_files.push(libc::F_SETFL);
    }
    let about_files = about_files.into_iter().map(|command| rule(&[is(1, command as u64)?]));
    rules.insert(libc::SYS_fcntl, about_files.collect::<Result<_, _>>()?);
    // The name of a thread.
    rules.insert(libc::SYS_prctl, vec![rule(&[is(0, libc::PR_SET_NAME as u64)?])?]);
    let open = if has_folders {
        // Files with another user's rights are none of a module's business.
        vec![rule(&[lacks_bits(3, 0o6000)?])?, rule(&[lacks_bits(2, libc::O_CREAT | TEMPORARY)?])?]
    } else {
        vec![rule(&[lacks_bits(2, libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_PATH)?])?]
    };
    rules.insert(libc::SYS_openat, open);
    let forbidden = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    SeccompFilter::new(rules, forbidden, SeccompAction::Allow, architecture()?)?.try_into()
}

fn rule<const N: usize>(conditions: &[SeccompCondition; N]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.to_vec())
}

fn lacks_bits(place: u8, bits: c_int) -> Result<SeccompCondition, BackendError> {
    let bits = u64::from(bits.cast_unsigned());
    SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), 0)
}

fn has_bits(place: u8, bits: c_int) -> Result<SeccompCondition, BackendError> {
    let bits = u64::from(bits.cast_unsigned());
    SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), bits)
}

fn is(place: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn is_null(place: u8) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(place, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)
}

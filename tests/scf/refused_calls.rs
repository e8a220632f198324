//! System calls that are refused: by a kernel as old as the platform's may be, which has them not, and by a container's profile.

use std::io;

/// `finit_module`, the last system call that Linux 3.10 has on x86-64
/// (arch/x86/syscalls/syscall_64.tbl of that release).
const LAST_CALL: u32 = 313;

/// Allowed although newer: without it, programs read /dev/urandom, which every real system has, but no empty root.
const GETRANDOM: u32 = 318;

/// From now on, system calls newer than Linux 3.10 fail with ENOSYS, in this process and its children.
///
/// # Errors
/// If this kernel has no filters.
pub(crate) fn refuse_newer_calls() -> io::Result<()> {
    let refuse = libc::SECCOMP_RET_ERRNO | (libc::ENOSYS as u32 & libc::SECCOMP_RET_DATA);
    let mut filter = [
        // The number of the call is the first field of the data.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        jump(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, GETRANDOM, 2, 0),
        jump(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, LAST_CALL, 0, 1),
        statement(libc::BPF_RET | libc::BPF_K, refuse),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    install(&mut filter)
}

/// From now on, files in memory are forbidden, in this process and its children.
pub(crate) fn forbid_files_in_memory() -> io::Result<()> {
    let forbid = libc::SECCOMP_RET_ERRNO | (libc::EPERM as u32 & libc::SECCOMP_RET_DATA);
    install(&mut [
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        jump(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::SYS_memfd_create as u32, 0, 1),
        statement(libc::BPF_RET | libc::BPF_K, forbid),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ])
}

fn install(filter: &mut [libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the first call has no preconditions; the second one reads the program, which lives until it returns.
    let results = unsafe {
        [
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
            libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program),
        ]
    };
    if results == [0, 0] { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    jump(code, k, 0, 0)
}

fn jump(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

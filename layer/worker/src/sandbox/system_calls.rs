//! System calls, by a seccomp filter.
//!
//! A list of what is forbidden, not of what is allowed: the next C library may need calls that nobody thinks of now,
//! and a program that dies of them helps nobody. What is forbidden fails with EPERM, as for lack of a right.

use std::collections::BTreeMap;

use libc::{c_int, c_long};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::apply;
use super::filters::{architecture, no_clone3};
use super::needs::Network;

/// Never needed once the process runs.
const FORBIDDEN: [c_long; 70] = [
    // Other programs, and other processes' memory and descriptors.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Another view of the file system, and ways around landlock's.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_unshare,
    libc::SYS_mknodat,
    // Sessions and priorities, its own and others', and memory and messages that belong to no process.
    libc::SYS_setsid,
    libc::SYS_setpriority,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setattr,
    libc::SYS_ioprio_set,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_setns,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // Parts of the kernel with many faults in the past, or that do the work of forbidden calls.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_vhangup,
    libc::SYS_personality,
    // The machine.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setresuid,
];

/// x86-64 kernels may take a second set of numbers (x32): the same ones with this bit, and some of their own from 512
/// (arch/x86/entry/syscalls/syscall_64.tbl). Nothing here uses it, so all of it is forbidden by its numbers.
#[cfg(target_arch = "x86_64")]
const X32_BIT: c_long = 0x4000_0000;

/// The numbers of x32's own versions of calls above: execve, ptrace, process_vm_readv, process_vm_writev, move_pages,
/// kexec_load, execveat.
#[cfg(target_arch = "x86_64")]
const X32_OWN: [c_long; 7] = [520, 521, 539, 540, 533, 528, 545];

/// I/O ports of the machine, and device files by their older call.
#[cfg(target_arch = "x86_64")]
const PORTS: [c_long; 3] = [libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_mknod];

/// Whether memory may become executable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// A module's native code is still to be loaded.
    Loading,
    /// No more.
    Fixed,
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Confines all threads of the process; says how far, or why not.
pub(super) fn confine(network: Network, code: Code) -> Result<String, String> {
    // clone3 keeps its flags where no filter sees them.
    let no_clone3 = no_clone3().map_err(|error| error.to_string())?;
    seccompiler::apply_filter_all_threads(&no_clone3).map_err(|error| error.to_string())?;
    narrow(network, code)
}

/// The same for a process that is confined already.
pub(super) fn narrow(network: Network, code: Code) -> Result<String, String> {
    let filter = filter(network, code).map_err(|error| error.to_string())?;
    seccompiler::apply_filter_all_threads(&filter).map_err(|error| error.to_string())?;
    Ok(format!("{network:?}"))
}

/// The same for a process that has one thread, which older kernels can do, too.
pub(super) fn confine_one_thread(network: Network, code: Code) -> Result<(), String> {
    for filter in [no_clone3(), filter(network, code)] {
        apply::to_this_thread(&filter.map_err(|error| error.to_string())?)?;
    }
    Ok(())
}

/// Confines a compiler further than the nursery, of which it is a copy: no processes, and no signals to any.
pub(super) fn confine_compiler() -> Result<(), String> {
    let filter = || -> Result<BpfProgram, BackendError> {
        let mut rules = Rules::new();
        [libc::SYS_kill, libc::SYS_tkill].into_iter().for_each(|call| forbid(&mut rules, call));
        #[cfg(target_arch = "x86_64")]
        [libc::SYS_fork, libc::SYS_vfork].into_iter().for_each(|call| forbid(&mut rules, call));
        let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
        let is_process =
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(thread), 0)?;
        rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![is_process])?]);
        let forbidden = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        SeccompFilter::new(rules, SeccompAction::Allow, forbidden, architecture()?)?.try_into()
    };
    apply::to_this_thread(&filter().map_err(|error| error.to_string())?)
}

fn filter(network: Network, code: Code) -> Result<BpfProgram, BackendError> {
    let mut rules = Rules::new();
    FORBIDDEN.into_iter().for_each(|call| forbid(&mut rules, call));
    #[cfg(target_arch = "x86_64")]
    {
        PORTS.into_iter().for_each(|call| forbid(&mut rules, call));
        X32_OWN.into_iter().for_each(|call| drop(rules.insert(call | X32_BIT, Vec::new())));
    }
    let executable = [(libc::SYS_mmap, 2), (libc::SYS_mprotect, 2), (libc::SYS_pkey_mprotect, 2)];
    for (call, place) in executable.into_iter().filter(|_| code == Code::Fixed) {
        rules.insert(call, vec![SeccompRule::new(vec![has_bits(place, libc::PROT_EXEC)?])?]);
    }
    // Limits and processors of other processes.
    for call in [libc::SYS_prlimit64, libc::SYS_sched_setaffinity] {
        let is_another = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
        rules.insert(call, vec![SeccompRule::new(vec![is_another])?]);
    }
    // A new process may be made, but none with more rights in a world of its own.
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![has_bits(0, libc::CLONE_NEWUSER)?])?]);
    forbid_sockets(&mut rules, network)?;
    let forbidden = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    SeccompFilter::new(rules, SeccompAction::Allow, forbidden, architecture()?)?.try_into()
}

/// Forbids a call whatever its arguments are.
fn forbid(rules: &mut Rules, call: c_long) {
    rules.insert(call, Vec::new());
    #[cfg(target_arch = "x86_64")]
    rules.insert(call | X32_BIT, Vec::new());
}

fn forbid_sockets(rules: &mut Rules, network: Network) -> Result<(), BackendError> {
    let mut families = Vec::new();
    if network.listen || network.connect {
        families.extend([libc::AF_INET, libc::AF_INET6]);
    }
    if network.local {
        families.push(libc::AF_UNIX);
    }
    forbid(rules, libc::SYS_socket);
    if !families.is_empty() {
        let is_another = families.into_iter().map(is_not).collect::<Result<Vec<_>, _>>()?;
        rules.insert(libc::SYS_socket, vec![SeccompRule::new(is_another)?]);
    }
    if !network.listen {
        [libc::SYS_bind, libc::SYS_listen].into_iter().for_each(|call| forbid(rules, call));
    }
    if !network.connect && !network.local {
        forbid(rules, libc::SYS_connect);
    }
    Ok(())
}

fn has_bits(place: u8, bits: c_int) -> Result<SeccompCondition, BackendError> {
    let bits = u64::from(bits.cast_unsigned());
    SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), bits)
}

fn is_not(family: c_int) -> Result<SeccompCondition, BackendError> {
    let family = u64::from(family.cast_unsigned());
    SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
}

//! A process that confines itself can't be let go again, so each test runs in a process of its own: this program,
//! started anew for one ignored test.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use super::*;

const REQUIRED: SandboxArgs = SandboxArgs { sandbox: SandboxMode::Require };

/// Runs an ignored test of this file in a process of its own.
fn in_a_process_of_its_own(test: &str) {
    if !kernel_can() {
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("sandbox::tests::{test}"), "--ignored", "--nocapture"])
        .env("CONFINED", "yes")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
}

/// Whether this kernel has landlock; where tests have to be complete, it must.
fn kernel_can() -> bool {
    let has = landlock::Ruleset::default();
    let created = landlock::RulesetAttr::handle_access(
        landlock::Compatible::set_compatibility(has, landlock::CompatLevel::HardRequirement),
        landlock::AccessFs::ReadFile,
    );
    let can = created.is_ok();
    if !can {
        eprintln!("this kernel has no landlock: the sandbox is not tested");
        assert!(std::env::var_os("CI").is_none(), "CI needs landlock");
    }
    can
}

/// The ignored tests are also run by `cargo test -- --ignored`, where they must not confine the other tests.
fn is_alone() -> bool {
    std::env::var_os("CONFINED").is_some()
}

fn assert_forbidden<T>(what: &str, result: io::Result<T>) {
    let kind = result.err().map(|error| error.kind());
    assert_eq!(kind, Some(ErrorKind::PermissionDenied), "{what}");
}

#[test]
fn a_confined_process_opens_no_file_and_starts_no_program() {
    in_a_process_of_its_own("confined_files_and_programs");
}

#[test]
#[ignore = "confines its process"]
fn confined_files_and_programs() {
    if !is_alone() {
        return;
    }
    let granted = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    File::open(&program).unwrap();
    REQUIRED.enter(&Needs { folders: vec![granted.path().to_owned()], ..Needs::default() }).unwrap();
    assert_forbidden("a file", File::open(&program));
    assert_forbidden("a file of the system", File::open("/etc/passwd"));
    assert_forbidden("the environment", File::open("/proc/self/environ"));
    assert_forbidden("a list of files", std::fs::read_dir("/"));
    assert_forbidden("a new file", File::create(program.with_extension("new")));
    assert_forbidden("a program", Command::new("/bin/true").spawn());
    assert_forbidden("this program", Command::new(&program).spawn());
    let file = granted.path().join("file");
    std::fs::write(&file, "text").unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"text");
    std::fs::remove_file(&file).unwrap();
    let in_a_thread = std::thread::spawn(move || File::open(program).map(drop)).join().unwrap();
    assert_forbidden("a file, in a thread started later", in_a_thread);
}

#[test]
fn a_confined_process_makes_no_sockets() {
    in_a_process_of_its_own("confined_sockets");
}

#[test]
#[ignore = "confines its process"]
fn confined_sockets() {
    if !is_alone() {
        return;
    }
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = elsewhere.local_addr().unwrap();
    REQUIRED.enter(&Needs::default()).unwrap();
    assert_forbidden("a connection", TcpStream::connect(address));
    assert_forbidden("an address", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    assert_forbidden("a datagram", UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)));
    assert_forbidden("a local socket", UnixStream::connect("/run/nowhere"));
}

#[test]
fn a_confined_client_connects_and_does_not_listen() {
    in_a_process_of_its_own("confined_client");
}

#[test]
#[ignore = "confines its process"]
fn confined_client() {
    if !is_alone() {
        return;
    }
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let network = Network { connect: true, ..Network::default() };
    REQUIRED.enter(&Needs { network, ..Needs::default() }).unwrap();
    TcpStream::connect(elsewhere.local_addr().unwrap()).unwrap();
    assert_forbidden("an address", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    assert_forbidden("a local socket", UnixStream::connect("/run/nowhere"));
    std::net::ToSocketAddrs::to_socket_addrs("localhost:80").unwrap();
}

#[test]
fn a_confined_server_accepts_at_its_address_and_then_opens_no_other() {
    in_a_process_of_its_own("confined_server");
}

#[test]
#[ignore = "confines its process"]
fn confined_server() {
    if !is_alone() {
        return;
    }
    let network = Network { listen: true, ..Network::default() };
    let sandbox = REQUIRED.enter(&Needs { network, ..Needs::default() }).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // A thread from before the network is given up, as the service's.
    let (go, gone) = std::sync::mpsc::channel();
    let earlier = std::thread::spawn(move || {
        gone.recv().unwrap();
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map(drop)
    });
    sandbox.narrow(Network::default()).unwrap();
    go.send(()).unwrap();
    assert_forbidden("an address, in an earlier thread", earlier.join().unwrap());
    assert_forbidden("another address", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody connects, but it may");
}

#[test]
fn a_confined_process_makes_no_memory_executable() {
    in_a_process_of_its_own("confined_memory");
}

#[test]
#[ignore = "confines its process"]
fn confined_memory() {
    if !is_alone() {
        return;
    }
    let map = |access| {
        // SAFETY: maps new memory that nothing uses.
        let memory = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            libc::mmap(std::ptr::null_mut(), 4096, access, flags, -1, 0)
        };
        if memory == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(memory) }
    };
    map(libc::PROT_READ | libc::PROT_EXEC).unwrap();
    REQUIRED.enter(&Needs::default()).unwrap();
    let data = map(libc::PROT_READ | libc::PROT_WRITE).unwrap();
    assert_forbidden("executable memory", map(libc::PROT_READ | libc::PROT_EXEC));
    // SAFETY: the memory from above.
    let changed = match unsafe { libc::mprotect(data, 4096, libc::PROT_READ | libc::PROT_EXEC) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    };
    assert_forbidden("executable data", changed);
}

#[test]
fn who_owns_a_worker_finds_nothing_to_use() {
    in_a_process_of_its_own("confined_worker");
}

/// The folders of this process's control groups that are there; it has landlock, which sees no difference between a file
/// that is there and one that is not.
fn control_groups() -> Vec<PathBuf> {
    let roots = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"].map(PathBuf::from);
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own.lines().filter_map(|line| line.rsplit(':').next()).map(|path| path.trim_start_matches('/'));
    own.flat_map(|path| roots.clone().map(|root| root.join(path))).filter(|folder| folder.is_dir()).collect()
}

/// Native code in a worker, which tries what it may not.
#[test]
#[ignore = "confines its process"]
fn confined_worker() {
    if !is_alone() {
        return;
    }
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = elsewhere.local_addr().unwrap();
    let program = std::env::current_exe().unwrap();
    // SAFETY: a plain call.
    let front = unsafe { libc::getppid() };
    let control_groups = control_groups();
    // Filters hold for the thread that asks for them and those that it starts: the test's own.
    let (sandbox, missing) = Sandbox::of_nursery(SandboxMode::Require, Vec::new(), None, None);
    assert!(missing.is_empty(), "{missing:?}");
    sandbox.end_loading();
    sandbox.confine_worker(&[]).unwrap();
    assert_forbidden("a file", File::open("/etc/passwd"));
    assert_forbidden("the front's environment", File::open(format!("/proc/{front}/environ")));
    assert_forbidden("a new file", File::create("/tmp/vision-was-here"));
    for group in control_groups {
        for file in ["cgroup.procs", "memory.limit_in_bytes", "memory.max"] {
            assert_forbidden(file, File::options().write(true).open(group.join(file)));
        }
        assert_forbidden("another control group", std::fs::create_dir(group.join("confined-worker")));
    }
    assert_forbidden("whether a file is there", std::fs::metadata("/etc/passwd"));
    assert_forbidden("a connection", TcpStream::connect(address));
    assert_forbidden("a datagram", UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)));
    assert_forbidden("a pair of sockets", UnixStream::pair());
    assert_forbidden("a program", Command::new(program).spawn());
    let call = |what: &str, number: libc::c_long, arguments: [usize; 5]| {
        let [a, b, c, d, e] = arguments;
        // SAFETY: calls that are refused; what they would do is harmless to this process.
        let result = unsafe { libc::syscall(number, a, b, c, d, e) };
        let result = if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) };
        assert_forbidden(what, result);
    };
    let front = front as usize;
    call("a new process", libc::SYS_fork, [0; 5]);
    call("a new process by clone", libc::SYS_clone, [libc::SIGCHLD as usize, 0, 0, 0, 0]);
    call("tracing the front", libc::SYS_ptrace, [libc::PTRACE_ATTACH as usize, front, 0, 0, 0]);
    call("a signal to the front", libc::SYS_kill, [front, 0, 0, 0, 0]);
    call("a signal to a thread of the front", libc::SYS_tgkill, [front, front, 0, 0, 0]);
    call("a signal with a value", libc::SYS_rt_sigqueueinfo, [front, 0, 0, 0, 0]);
    call("the front by a descriptor", libc::SYS_pidfd_open, [front, 0, 0, 0, 0]);
    call("the front's memory", libc::SYS_process_vm_readv, [front, 0, 0, 0, 0]);
    call("the front's limits", libc::SYS_prlimit64, [front, 0, 0, 0, 0]);
    call("the front's priority", libc::SYS_setpriority, [0, front, 19, 0, 0]);
    call("signals when a file is ready", libc::SYS_fcntl, [0, libc::F_SETOWN as usize, front, 0, 0]);
    call("the signal that comes then", libc::SYS_fcntl, [0, 10, libc::SIGKILL as usize, 0, 0]);
    call("a file in memory", libc::SYS_memfd_create, [c"x".as_ptr() as usize, 0, 0, 0, 0]);
    call("the length of a file", libc::SYS_ftruncate, [0, 0, 0, 0, 0]);
    call("being looked into", libc::SYS_prctl, [libc::PR_SET_DUMPABLE as usize, 1, 0, 0, 0]);
    call("a call of x32", libc::SYS_getpid | 0x4000_0000, [0; 5]);
    let (read_write, execute) = (libc::PROT_READ | libc::PROT_WRITE, libc::PROT_READ | libc::PROT_EXEC);
    let (private, shared) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    call("code", libc::SYS_mmap, [0, 4096, execute as usize, private as usize, usize::MAX]);
    call(
        "memory that nobody counts",
        libc::SYS_mmap,
        [0, 4096, read_write as usize, shared as usize, usize::MAX],
    );
    let grows = private | libc::MAP_GROWSDOWN;
    call(
        "a stack that nobody counts",
        libc::SYS_mmap,
        [0, 4096, read_write as usize, grows as usize, usize::MAX],
    );
    // What it does need.
    std::thread::spawn(|| vec![1; 1 << 20].len()).join().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1));
    File::open("/proc/cpuinfo").unwrap();
}

#[test]
fn who_owns_a_worker_with_folders_changes_no_control_groups() {
    in_a_process_of_its_own("confined_worker_with_folders");
}

#[test]
#[ignore = "confines its process"]
fn confined_worker_with_folders() {
    if !is_alone() {
        return;
    }
    let (granted, groups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (removed, kept) = (groups.path().join("by-the-nursery"), groups.path().join("not-by-a-worker"));
    let own = granted.path().join("own");
    [&removed, &kept, &own].into_iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
    let limit = kept.join("memory.max");
    std::fs::write(&limit, "1").unwrap();
    let empty = groups.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let folders = vec![granted.path().to_owned()];
    let (sandbox, missing) =
        Sandbox::of_nursery(SandboxMode::Require, folders.clone(), None, Some(groups.path()));
    assert!(missing.is_empty(), "{missing:?}");
    std::fs::remove_dir(&removed).unwrap();
    assert_forbidden("a limit, from the nursery", File::options().write(true).open(&limit));
    assert_forbidden("a new group, from the nursery", std::fs::create_dir(groups.path().join("new")));
    assert_forbidden("the list of groups, from the nursery", std::fs::read_dir(groups.path()));
    sandbox.end_loading();
    sandbox.confine_worker(&folders).unwrap();
    assert_forbidden("a limit", File::options().write(true).open(&limit));
    assert_forbidden("removing a group", std::fs::remove_dir(&empty));
    std::fs::remove_dir(own).unwrap();
}

#[test]
fn without_a_sandbox_nothing_is_given_up() {
    SandboxArgs { sandbox: SandboxMode::Off }.enter(&Needs::default()).unwrap();
    File::open("/etc/passwd").unwrap();
}

#[test]
fn what_a_required_sandbox_lacks_is_named() {
    let sandbox = Sandbox { mode: SandboxMode::Require };
    let error = sandbox.apply("landlock", || Err("this kernel has no landlock".to_owned())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sandbox needs landlock: this kernel has no landlock (--sandbox auto does without)"
    );
    Sandbox { mode: SandboxMode::Auto }.apply("landlock", || Err("none".to_owned())).unwrap();
}

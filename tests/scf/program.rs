//! The function as the platform starts it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use support::{Process, file, function};

use crate::refused_calls;

/// What the program that runs was installed from.
#[derive(Debug)]
pub(crate) enum Installation {
    /// `bootstrap` of the packages, in a root in which there is nothing else but a shell.
    Packaged,
    /// The same, and the kernel refuses all system calls that Linux 3.10 does not have.
    PackagedOnAnOldKernel,
    /// The built program with this module.
    Built(PathBuf),
}

/// Starts the function as the platform at this address does.
pub(crate) fn start(
    installation: &Installation,
    platform: SocketAddr,
    environment: &[(&str, &str)],
) -> Process {
    let mut command = match installation {
        Installation::Packaged | Installation::PackagedOnAnOldKernel if namespaces() => {
            in_root(&platform_root(), &["/var/user/bootstrap"])
        }
        Installation::Packaged | Installation::PackagedOnAnOldKernel => built(&function()),
        Installation::Built(module) => built(module),
    };
    command
        .env_clear()
        .envs(platform_environment())
        .env("SCF_RUNTIME_API", platform.ip().to_string())
        .env("SCF_RUNTIME_API_PORT", platform.port().to_string())
        .envs(environment.iter().copied());
    if matches!(installation, Installation::PackagedOnAnOldKernel) {
        // SAFETY: between fork and exec the function only makes two system calls and allocates nothing.
        unsafe { command.pre_exec(refused_calls::refuse_newer_calls) };
    }
    Process::start(command)
}

fn built(module: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vision"));
    command.args(["scf", "--wasm"]).arg(module);
    command
}

/// What `vision run` prints for an event.
pub(crate) fn answer_at_the_prompt(event: &[u8]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vision"))
        .args(["run", "--wasm"])
        .arg(function())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(event).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The variables that the platform documents (<https://cloud.tencent.com/document/product/583/30228>).
fn platform_environment() -> Vec<(&'static str, &'static str)> {
    vec![
        ("_HANDLER", "index.main_handler"),
        ("_SCF_SERVER_PORT", "28902"),
        ("HOME", "/home/qcloud"),
        ("LANG", "en_US.UTF8"),
        ("LC_ALL", "en_US.UTF8"),
        ("LD_LIBRARY_PATH", "/usr/lib64:/var/user:/var/user/lib:/opt/lib:/opt"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("SCF_FUNCTIONNAME", "vision"),
        ("SCF_FUNCTIONVERSION", "$LATEST"),
        ("SCF_NAMESPACE", "default"),
        ("SCF_RUNTIME", "CustomRuntime"),
        ("TENCENTCLOUD_APPID", "1250000000"),
        ("TENCENTCLOUD_REGION", "ap-guangzhou"),
        ("TENCENTCLOUD_RUNENV", "SCF"),
        ("TENCENTCLOUD_TZ", "UTC"),
        ("TENCENTCLOUD_UIN", "100000000001"),
        ("USER", "qcloud"),
        ("USER_CODE_ROOT", "/var/user/"),
    ]
}

/// A command that runs in another root, with the system's /proc in it: LiteRT reads the processor's kind there.
pub(crate) fn in_root(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c"])
        .arg(r#"mount --rbind /proc "$0/proc" && exec unshare --root="$0" --wd=/var/user "$@""#)
        .arg(root)
        .args(arguments);
    command
}

/// The root with the packages.
pub(crate) fn platform_root() -> PathBuf {
    let root = file("target/platform");
    assert!(
        root.join("var/user/bootstrap").exists(),
        "target/platform is missing: run `make test`, which makes it"
    );
    root
}

/// Whether this machine lets a process have a root of its own. Without, the built program runs in the place of the
/// packaged one; where tests have to be complete, that is a failure.
pub(crate) fn namespaces() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let found = Command::new("unshare")
            .args(["--map-root-user", "--mount", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !found {
            say("user namespaces are forbidden here: the packages are not run in a root of their own");
            assert!(std::env::var_os("CI").is_none(), "CI needs user namespaces");
        }
        found
    })
}

/// Prints a line that the test harness does not swallow.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "[scf] {line}"));
}

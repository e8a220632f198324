//! A PostgreSQL of the tests' own: a cluster in a temporary folder, reached by a socket in it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::server::eventually;

/// A running server; ends with its test.
pub(crate) struct Postgres {
    server: Child,
    folder: TempDir,
    programs: PathBuf,
}

impl Postgres {
    /// Starts one. Nothing where the machine has none: a failure where `CI` is set, else a printed reason.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let reason = "PostgreSQL is not here (Debian's package postgresql)";
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            eprintln!("skipped: {reason}");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let data = folder.path().join("data");
        let made = unprivileged(&programs.join("initdb"))
            .args([
                "--username",
                "vision",
                "--auth",
                "trust",
                "--no-sync",
                "--encoding",
                "UTF8",
                "--locale",
                "C",
                "-D",
            ])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = spawn(&programs, folder.path());
        let postgres = Self { server, folder, programs };
        postgres.wait_until_ready();
        Some(postgres)
    }

    /// For `--history`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://vision@localhost/postgres?host={}", self.folder.path().display())
    }

    /// Ends the server at once, as a crash would.
    pub(crate) fn stop(&mut self) {
        let id = self.server.id().to_string();
        assert!(Command::new("kill").args(["-QUIT", &id]).status().unwrap().success());
        self.server.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.server = spawn(&self.programs, self.folder.path());
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        eventually("PostgreSQL is ready", || {
            let mut ask = Command::new(self.programs.join("psql"));
            ask.args(["--username", "vision", "--dbname", "postgres", "--command", "SELECT 1", "--host"]);
            ask.arg(self.folder.path()).output().unwrap().status.success()
        });
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status());
        drop(self.server.wait());
    }
}

fn spawn(programs: &Path, folder: &Path) -> Child {
    unprivileged(&programs.join("postgres"))
        .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
        .arg(folder)
        .arg("-D")
        .arg(folder.join("data"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The folder of the newest PostgreSQL, where Debian or set-up put it.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            Some((folder.file_name()?.to_str()?.parse().ok()?, folder.join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists() && programs.join("psql").exists())
        .collect();
    versions.sort();
    versions.pop().map(|(_, programs)| programs)
}

/// PostgreSQL refuses to run as root; then it runs as nobody. `setpriv` becomes the program, so that its id is the
/// server's.
fn unprivileged(program: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
    command
}

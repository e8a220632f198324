//! What a process gives up, so that whoever breaks out of a module, a decoder or a kernel of LiteRT finds little to use.
//!
//! The front keeps what its trigger needs. The nursery reads a module and needs no files, no network and no programs; its
//! workers need next to nothing, so what they may do is a list of what is allowed (`worker_calls`).
//!
//! - `files` (landlock): no files but the few that are named, and no programs. It holds for the calling thread and for
//!   all threads that are started later, so it comes before any others.
//! - `system_calls` (seccomp): no programs, no new executable memory, no sockets but those of the command's own kind,
//!   none of the calls that reach deep into the kernel. It holds for all threads.
//!
//! Either can be missing: landlock came with Linux 5.13 and may be off, containers may forbid both.

mod apply;
mod files;
mod filters;
mod needs;
mod system_calls;
#[cfg(test)]
mod tests;
mod worker_calls;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use needs::{Needs, Network};
use system_calls::Code;

/// Whether the process confines itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum SandboxMode {
    /// As far as this kernel can
    #[default]
    Auto,
    /// Not at all
    Off,
    /// Completely, or not start
    Require,
}

/// The option of the commands that run events.
#[derive(Clone, Copy, Debug, Args)]
pub struct SandboxArgs {
    /// Once the module is loaded, give up files, programs and sockets that are not needed (landlock and seccomp)
    #[arg(long, env = "VISION_SANDBOX", value_enum, default_value_t = SandboxMode::Auto)]
    pub sandbox: SandboxMode,
}

/// The sandbox that was required can't be had.
#[derive(Debug, Error)]
#[error("the sandbox needs {mechanism}: {reason} (--sandbox auto does without)")]
pub struct SandboxError {
    /// `landlock` or `seccomp`.
    mechanism: String,
    /// What is missing.
    reason: String,
}

impl SandboxError {
    /// `mechanism` can't be had for this reason.
    pub fn new(mechanism: impl Into<String>, reason: String) -> Self {
        Self { mechanism: mechanism.into(), reason }
    }
}

/// A process that is confined as far as it was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sandbox {
    mode: SandboxMode,
}

impl SandboxArgs {
    /// Confines the calling thread and all that are started from now on. There must be no other threads yet.
    ///
    /// # Errors
    /// What is missing, where all is required.
    pub fn enter(self, needs: &Needs) -> Result<Sandbox, SandboxError> {
        let sandbox = Sandbox { mode: self.sandbox };
        sandbox.apply("landlock", || files::confine(needs))?;
        sandbox.apply("seccomp", || system_calls::confine(needs.network, Code::Fixed))?;
        Ok(sandbox)
    }
}

impl Sandbox {
    /// Gives up all of the network but this, in all threads. What was given up before stays so.
    ///
    /// # Errors
    /// What is missing, where all is required.
    pub fn narrow(&self, network: Network) -> Result<(), SandboxError> {
        self.apply("seccomp", || system_calls::narrow(network, Code::Fixed))
    }

    /// Confines this process, which has one thread, to what loading a module takes: these folders, for the module, and
    /// `scratch` for what the compiler writes; in `groups` it may remove control groups. Also what could not be had, by its
    /// name.
    pub(crate) fn of_nursery(
        mode: SandboxMode,
        folders: Vec<PathBuf>,
        scratch: Option<PathBuf>,
        groups: Option<&Path>,
    ) -> (Self, Vec<(&'static str, String)>) {
        let needs = Needs {
            folders: folders.into_iter().chain(scratch).collect(),
            removed_in: groups.map(Path::to_owned),
            ..Needs::default()
        };
        let sandbox = Self { mode };
        if mode == SandboxMode::Off {
            return (sandbox, Vec::new());
        }
        let files = files::confine(&needs).err().map(|reason| ("landlock", reason));
        let calls = system_calls::confine_one_thread(Network::default(), Code::Loading).err();
        let calls = calls.map(|reason| ("seccomp", reason));
        (sandbox, files.into_iter().chain(calls).collect())
    }

    /// Gives up what only loading takes. What the kernel can't do was said before.
    pub(crate) fn end_loading(&self) {
        if self.mode == SandboxMode::Off {
            return;
        }
        // The compiler's folder is removed after this, and in a folder that is not there nothing can be made.
        drop(system_calls::confine_one_thread(Network::default(), Code::Fixed));
    }

    /// Confines this compiler, which has one thread. What the kernel can't do was said before.
    pub(crate) fn confine_compiler(&self) {
        if self.mode != SandboxMode::Off {
            drop(system_calls::confine_compiler());
        }
    }

    /// Confines this worker, which has one thread, to answering events; `folders` are those of its module.
    ///
    /// # Errors
    /// What is missing, where all is required.
    pub(crate) fn confine_worker(&self, folders: &[PathBuf]) -> Result<(), String> {
        if self.mode == SandboxMode::Off {
            return Ok(());
        }
        let has_folders = !folders.is_empty();
        if has_folders {
            // Where there is no landlock, that was said before.
            drop(files::remove_only_in(folders));
        }
        match worker_calls::confine(has_folders) {
            Err(reason) if self.mode == SandboxMode::Require => Err(reason),
            _ => Ok(()),
        }
    }

    fn apply(
        &self,
        mechanism: &'static str,
        confine: impl FnOnce() -> Result<String, String>,
    ) -> Result<(), SandboxError> {
        if self.mode == SandboxMode::Off {
            return Ok(());
        }
        match (confine(), self.mode) {
            (Ok(how), _) => tracing::debug!(mechanism, how, "confined"),
            (Err(reason), SandboxMode::Require) => return Err(SandboxError::new(mechanism, reason)),
            (Err(reason), _) => {
                tracing::warn!("the front is less confined: this system has no {mechanism} ({reason})")
            }
        }
        Ok(())
    }
}

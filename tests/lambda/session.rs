//! A platform with a function running on it.

use std::path::Path;
use std::process::Command;

use support::Process;
use support::scf::{Event, Outcome, Platform};

/// Ends with [`Session::finish`], which finds violations of the protocol.
pub(crate) struct Session {
    pub(crate) platform: Platform,
    pub(crate) program: Process,
    _module: Option<tempfile::TempDir>,
}

/// The function as the platform at this address starts it.
pub(crate) fn start(platform: &Platform, module: &Path, environment: &[(&str, &str)]) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vision"));
    command.args(["lambda", "--wasm"]).arg(module).env_clear();
    command.env("AWS_LAMBDA_RUNTIME_API", platform.address().to_string()).env("AWS_REGION", "eu-west-1");
    command.env("VISION_LOG", "info").envs(environment.iter().copied());
    Process::start(command)
}

impl Session {
    /// The built function.
    pub(crate) fn built(environment: &[(&str, &str)]) -> Self {
        Self::on(Platform::lambda(1, true), environment)
    }

    /// The built function on this platform.
    pub(crate) fn on(platform: Platform, environment: &[(&str, &str)]) -> Self {
        let program = start(&platform, &support::function(), environment);
        Self { platform, program, _module: None }
    }

    /// A module in WebAssembly text on this platform.
    pub(crate) fn module(wat: &str, platform: Platform, environment: &[(&str, &str)]) -> Self {
        let (folder, module) = support::module(wat);
        let program = start(&platform, &module, environment);
        Self { platform, program, _module: Some(folder) }
    }

    /// Sends the event and waits for its result.
    pub(crate) fn answer(&self, event: Event) -> Outcome {
        let number = self.platform.send(event);
        self.outcome(number)
    }

    /// Waits for the result of an event sent before.
    pub(crate) fn outcome(&self, number: usize) -> Outcome {
        self.platform.outcome(number).unwrap_or_else(|| {
            panic!(
                "event {number} has no result; violations: {:?}\n{}",
                self.platform.violations(),
                self.program.stderr()
            )
        })
    }

    /// SIGTERM while there is nothing to do; the log comes back.
    pub(crate) fn finish(mut self) -> String {
        self.platform.wait_until_idle();
        self.program.terminate();
        let code = self.program.exit_code();
        let log = self.program.stderr();
        assert_eq!(self.platform.violations(), [] as [String; 0], "{log}");
        assert_eq!(code, Some(0), "{log}");
        log
    }
}

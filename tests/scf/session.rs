//! A platform with a function running on it.

use std::time::Duration;

use support::Process;
use support::scf::{Event, Outcome, Platform, PostFault};

use crate::program::{self, Installation};

/// Ends with [`Session::finish`], which finds violations of the protocol.
pub(crate) struct Session {
    pub(crate) platform: Platform,
    pub(crate) program: Process,
    _module: Option<tempfile::TempDir>,
}

impl Session {
    /// The packages as they are deployed.
    pub(crate) fn packaged() -> Self {
        Self::packaged_with(&[])
    }

    /// The same with these variables.
    pub(crate) fn packaged_with(environment: &[(&str, &str)]) -> Self {
        Self::start(&Installation::Packaged, environment, &[])
    }

    /// The built program with the built function.
    pub(crate) fn built(environment: &[(&str, &str)]) -> Self {
        Self::start(&Installation::Built(support::file("dist/recognize.wasm")), environment, &[])
    }

    /// The built program with a module in WebAssembly text.
    pub(crate) fn module(wat: &str) -> Self {
        Self::module_with(wat, &[])
    }

    /// The same with these variables.
    pub(crate) fn module_with(wat: &str, environment: &[(&str, &str)]) -> Self {
        let (folder, module) = support::module(wat);
        Self { _module: Some(folder), ..Self::start(&Installation::Built(module), environment, &[]) }
    }

    pub(crate) fn start(
        installation: &Installation,
        environment: &[(&str, &str)],
        ready_faults: &[PostFault],
    ) -> Self {
        let platform = Platform::start(ready_faults);
        let program = program::start(installation, platform.address(), environment);
        Self { platform, program, _module: None }
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

    /// From the start of the process to init/ready.
    pub(crate) fn cold_start(&self) -> Duration {
        let ready = self.platform.ready();
        ready.unwrap_or_else(|| panic!("not ready:\n{}", self.program.stderr())) - self.program.started()
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

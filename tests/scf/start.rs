//! Mistakes that are found before the first event, so that the platform reports a failed start and no failed events.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use support::scf::Platform;
use support::{file, module};

use crate::program::{self, Installation};
use crate::refused_calls;

/// Exit code and log of a start that must fail; nothing may have been sent to the platform.
fn failed_start(installation: &Installation, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let platform = Platform::start(&[]);
    let mut program = program::start(installation, platform.address(), environment);
    let code = program.exit_code();
    assert_eq!(platform.connections(), 0, "{}", program.stderr());
    (code, program.stderr())
}

fn function() -> Installation {
    Installation::Built(file("dist/recognize.wasm"))
}

#[test]
fn a_module_that_is_none_is_found_before_init_ready() {
    let (_folder, without_start) = module("(module (memory 1))");
    let (_folder, with_strange_imports) =
        module(r#"(module (import "env" "magic" (func)) (func (export "_start")))"#);
    for (module, message) in [
        (file("tests/tomato.json"), "is no wasm module"),
        (PathBuf::from("/nowhere.wasm"), "can't read the module"),
        (without_start, "exports no function `_start`"),
        (with_strange_imports, "imports env.magic"),
    ] {
        let (code, log) = failed_start(&Installation::Built(module), &[]);
        assert_eq!(code, Some(2), "{log}");
        assert!(log.contains(message), "{log}");
    }
}

#[test]
fn settings_that_make_no_sense_are_found_before_init_ready() {
    for (name, value, message) in [
        ("VISION_COS_ENDPOINT", "https://cos.example", "accepted is a URL with {bucket}"),
        ("VISION_COS_OUTPUT_BUCKET", "labels", "accepted is a name with its APPID"),
        ("VISION_TIME_LIMIT", "soon", "accepted are forms such as 500ms"),
        ("VISION_TIME_MARGIN", "0", "accepted are"),
        ("SCF_RUNTIME_API", "127.0.0.1/x", "accepted is a host name or an IP address"),
        ("SCF_RUNTIME_API_PORT", "99999", "is not in"),
    ] {
        let (code, log) = failed_start(&function(), &[(name, value)]);
        assert_eq!(code, Some(2), "{name}: {log}");
        assert!(log.contains(message), "{name}: {log}");
    }
}

#[test]
fn outside_of_the_platform_the_missing_variables_are_named() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vision"));
    let output = command.arg("scf").env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("--runtime-api <HOST>") && log.contains("--runtime-api-port <PORT>"), "{log}");
}

#[test]
fn a_runtime_api_that_nobody_answers_is_named_and_the_start_fails() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut program = program::start(&function(), nobody, &[]);
    assert_eq!(program.exit_code(), Some(1));
    let log = program.stderr();
    assert!(
        log.contains(&format!("the runtime API at {nobody} did not take init/ready within 10s")),
        "{log}"
    );
    assert!(log.contains("Connection refused"), "{log}");
}

#[test]
fn a_profile_that_forbids_files_in_memory_keeps_nobody_from_an_answer() {
    let mut command = support::vision(env!("CARGO_BIN_EXE_vision"));
    command.arg("run").arg(file("tests/samples/lemon.jpg")).arg("--wasm").arg(support::function());
    let free = command.output().unwrap();
    // SAFETY: between fork and exec the function only makes two system calls and allocates nothing.
    let done = unsafe { command.pre_exec(refused_calls::forbid_files_in_memory) }.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(done.stdout, free.stdout);
}

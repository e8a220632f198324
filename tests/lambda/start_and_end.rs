//! Starts that fail are told to the platform with their reason; SIGTERM comes because there is an extension.

use std::path::Path;
use std::process::Command;

use support::scf::{Event, Platform};
use support::{file, function, module, read};

use crate::session::{Session, start};

/// Exit code and what the platform was told of a start that must fail.
fn failed_start(module: &Path, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let platform = Platform::lambda(1, true);
    let mut program = start(&platform, module, environment);
    let code = program.exit_code();
    assert_eq!(platform.violations(), [] as [String; 0], "{}", program.stderr());
    let told = platform.init_error().unwrap_or_else(|| panic!("nothing told:\n{}", program.stderr()));
    (code, told)
}

#[test]
fn a_module_that_is_none_is_told_of() {
    let (_folder, without_start) = module("(module (memory 1))");
    for (module, message) in [
        (file("tests/tomato.json"), "is no wasm module"),
        ("/nowhere.wasm".into(), "can't read the module"),
        (without_start, "exports no function `_start`"),
    ] {
        let (code, told) = failed_start(&module, &[]);
        assert_eq!(code, Some(2), "{told}");
        assert!(
            told.contains(message) && told.contains(r#""errorType":"Runtime.InitError","stackTrace":[]"#),
            "{told}"
        );
    }
}

#[test]
fn settings_that_make_no_sense_are_told_of() {
    for (name, value, message) in [
        ("VISION_TIME_LIMIT", "soon", "accepted are forms such as 500ms"),
        ("VISION_TIME_MARGIN", "0", "accepted are"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", "0", "accepted are 1 to 1024"),
        ("VISION_ALLOW_MODELS", "x", "invalid value 'x'"),
    ] {
        let (code, told) = failed_start(&function(), &[(name, value)]);
        assert_eq!(code, Some(2), "{name}: {told}");
        assert!(told.contains(message), "{name}: {told}");
    }
}

#[test]
fn outside_of_the_platform_the_missing_variable_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vision"));
    let output = command.arg("lambda").env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("--runtime-api <HOST:PORT>"), "{log}");
}

#[test]
fn the_function_is_an_extension_and_leaves_by_sigterm() {
    let session = Session::built(&[]);
    session.answer(Event::new(read("tests/tomato.json")));
    assert!(session.platform.has_extension());
    let log = session.finish();
    assert!(log.contains("SIGTERM: no event in hand, leaving"), "{log}");
}

#[test]
fn where_there_are_no_extensions_events_are_answered_all_the_same() {
    let session = Session::on(Platform::lambda(1, false), &[]);
    assert!(session.answer(Event::new(read("tests/tomato.json"))).body.contains("omato"));
    let log = session.finish();
    assert!(log.contains("the platform takes no extension"), "{log}");
}

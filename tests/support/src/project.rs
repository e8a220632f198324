//! Files of the project, and its program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the project, by its path from the project's folder.
pub fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The bytes of a file of the project.
pub fn read(path: &str) -> Vec<u8> {
    std::fs::read(file(path)).unwrap_or_else(|error| panic!("{path}: {error}: run `make test`"))
}

/// The built function.
pub fn function() -> PathBuf {
    let wasm = file("dist/recognize.wasm");
    assert!(wasm.exists(), "dist/recognize.wasm is missing: run `make build` (or `make test`, which does)");
    wasm
}

/// A module in WebAssembly text as a file, in a folder that is removed with the first value.
pub fn module(wat: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("module.wasm");
    std::fs::write(&module, wat::parse_str(wat).unwrap()).unwrap();
    (folder, module)
}

/// The built program (`env!("CARGO_BIN_EXE_vision")`) with nothing of the caller's settings.
pub fn vision(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VISION_")) {
        command.env_remove(name);
    }
    command
}

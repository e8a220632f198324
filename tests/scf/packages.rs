//! The packages in a root with nothing else in it but a shell, started as the platform starts them.

use std::process::Command;

use support::read;
use support::scf::Event;

use crate::events::{FUNCTION_URL, LEMON, http_answer, with_picture};
use crate::program::{Installation, in_root, namespaces, platform_root};
use crate::session::Session;

#[test]
fn an_event_is_answered_with_nothing_but_the_packages_and_a_shell() {
    let root = platform_root();
    let mut found: Vec<String> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, ["bin", "opt", "proc", "tmp", "var"]);
    let session = Session::packaged();
    let outcome = session.answer(Event::new(read("tests/tomato.json")));
    assert!(outcome.body.contains("omato"), "{}", outcome.body);
    session.finish();
}

#[test]
fn a_kernel_of_2013_is_new_enough() {
    let session = Session::start(&Installation::PackagedOnAnOldKernel, &[], &[]);
    assert_eq!(http_answer(&session.answer(Event::new(with_picture(FUNCTION_URL, LEMON)))).0, 200);
    let outcome = session.answer(Event::new(read("tests/tomato.json")));
    assert!(outcome.body.contains("omato"), "{}", outcome.body);
    session.finish();
}

/// A copy of these folders of the platform's root.
fn root_with(folders: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in folders {
        let (from, to) = (platform_root().join(folder), root.path().join(folder));
        std::fs::create_dir_all(&to).unwrap();
        let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(&to).status().unwrap();
        assert!(copied.success());
    }
    root
}

#[test]
fn a_function_without_its_layer_says_what_is_missing() {
    if !namespaces() {
        return;
    }
    let root = root_with(&["bin", "proc", "var/user"]);
    for script in ["bootstrap", "scf_bootstrap"] {
        let output = in_root(root.path(), &[&format!("/var/user/{script}")]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("/opt/vision/lib/loader is missing: add the layer"), "{message}");
    }
}

#[test]
fn the_layers_program_says_that_it_can_compile_nothing() {
    if !namespaces() {
        return;
    }
    let vision = ["/opt/vision/lib/loader", "--library-path", "/opt/vision/lib", "/opt/vision/bin/vision"];
    let compile = ["compile", "/var/user/recognize.wasm", "/tmp/compiled.wasm"];
    let output = in_root(&platform_root(), &[&vision[..], &compile[..]].concat()).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    // Where WasmEdge comes with its compiler built in, it stays in.
    if platform_root()
        .join("opt/vision/lib")
        .read_dir()
        .unwrap()
        .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("libLLVM"))
    {
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(
            message.contains("can't compile modules: run `vision compile` where you build it"),
            "{message}"
        );
    }
}

/// Somebody who has the packages, but neither Rust nor LLVM: native code of the function stays as it is, with another model.
#[test]
fn somebodys_own_model_becomes_a_function_with_nothing_but_the_packages() {
    if !namespaces() {
        return;
    }
    // A root of its own, since `vision function` notes in the user's folder what it made.
    let root = root_with(&["bin", "opt", "proc", "tmp", "var/user"]);
    let root = root.path();
    let copy = |from: &str, to: &str| std::fs::write(root.join("tmp").join(to), read(from)).unwrap();
    copy("tests/own_model/teachable-machine-quantized.zip", "own-model.zip");
    copy("tests/own_model/pictures/red.png", "own-model.png");
    let vision = |arguments: &[&str]| {
        let program =
            ["/opt/vision/lib/loader", "--library-path", "/opt/vision/lib", "/opt/vision/bin/vision"];
        let output = in_root(root, &[&program[..], arguments].concat()).output().unwrap();
        let (said, failed) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{arguments:?}: {failed}");
        said
    };
    let function = ["function", "--wasm", "/var/user/recognize.wasm", "--model", "/tmp/own-model.zip"];
    let said = vision(&[&function[..], &["-o", "/tmp/own-model.wasm"]].concat());
    let sum = said.split("--trust-module ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let run = ["run", "--wasm", "/tmp/own-model.wasm", "--trust-module", sum, "/tmp/own-model.png"];
    assert!(vision(&run).starts_with("Red: "));
}

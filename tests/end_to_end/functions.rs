//! The function of docs/functions.md, built from the text of the document and run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use support::{file, read};

use crate::program::{Outcome, Vision, blocks, http, response};

const DOCUMENT: &str = "docs/functions.md";

/// Lines that a whole function may have.
const MAX_LINES: usize = 40;

/// The function of the document as wasm; built in a folder of its own, with the project's versions of crates.
fn built() -> PathBuf {
    let [main, manifest] = ["rust", "toml"].map(|language| blocks(DOCUMENT, language).remove(0));
    let folder = file("target/documents/mean-colour");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/main.rs"), main).unwrap();
    let kit = file("functions/kit").canonicalize().unwrap();
    let manifest = manifest.replace("../kit", kit.to_str().unwrap());
    // No member of the project here.
    fs::write(folder.join("Cargo.toml"), format!("{manifest}\n[workspace]\n")).unwrap();
    fs::copy(file("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let cargo = file("toolchain/cargo-wasm").canonicalize().unwrap();
    let output = Command::new(cargo).args(["build", "--release"]).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    file("target/wasm/wasm32-wasip1/release/mean-colour.wasm")
}

/// Red, green and blue of `#rrggbb`.
fn channels(colour: &str) -> [i32; 3] {
    let digits = colour.trim().strip_prefix('#').unwrap_or_else(|| panic!("{colour:?}"));
    assert_eq!(digits.len(), 6, "{colour}");
    [0, 2, 4].map(|at| i32::from_str_radix(&digits[at..at + 2], 16).unwrap())
}

#[test]
fn the_function_of_the_document_is_short_and_does_what_it_says() {
    let wasm = built();
    assert!(blocks(DOCUMENT, "rust")[0].lines().count() <= MAX_LINES);
    let run = || Vision::new(&["run", "--log-level", "error"]).option("--wasm", &wasm);
    let text: Outcome = run().argument(file("tests/samples/tomato.jpg")).call();
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""), "{}", text.stderr);
    let promised = blocks(DOCUMENT, "console").remove(0);
    let promised = channels(promised.lines().last().unwrap());
    for (found, promised) in channels(&text.stdout).into_iter().zip(promised) {
        assert!((found - promised).abs() <= 8, "found {}, promised {promised:?}", text.stdout);
    }
    let body = json!(crate::program::encode(read("tests/samples/tomato.jpg")));
    let (status, answer) = response(&run().stdin(http(&body, &json!({}))).call());
    assert_eq!((status, answer["colour"].as_str()), (200, Some(text.stdout.trim())));
    let refused = run().stdin(&b"GIF89a"[..]).call();
    assert!(refused.stderr.contains("found GIF, accepted are JPEG and PNG"), "{}", refused.stderr);
}

#[test]
fn both_languages_show_the_same_function() {
    for language in ["rust", "toml", "console"] {
        assert_eq!(blocks(DOCUMENT, language), blocks("docs/functions.zh-CN.md", language));
    }
}

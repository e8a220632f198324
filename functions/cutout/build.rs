//! Brings the networks into the wasm module, and tells the linker how much memory it has at first.

#![expect(clippy::expect_used, reason = "a build script tells its failures by panicking")]

use std::path::Path;

/// Room for the largest event and its picture, there from the start: the runtime asks for large pages before the guest
/// runs, and memory that is not touched costs nothing.
const INITIAL_MEMORY_BYTES: u32 = 64 << 20;

const NETWORKS: [&str; 2] = ["selfie", "faces"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if !std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        return;
    }
    println!("cargo:rustc-link-arg-bins=--initial-memory={INITIAL_MEMORY_BYTES}");
    let target = std::env::var_os("OUT_DIR").expect("cargo sets it");
    for name in NETWORKS {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../models/{name}/model.tflite"));
        println!("cargo:rerun-if-changed={}", source.display());
        // Without its networks the module can be checked, but answers no event.
        let network = std::fs::read(&source).unwrap_or_default();
        if network.is_empty() {
            println!("cargo:warning=the network {name} is not here: python3 models/fetch.py {name}");
        }
        std::fs::write(Path::new(&target).join(format!("{name}.tflite")), network)
            .expect("the folder for built things");
    }
}

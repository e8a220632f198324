//! Tells the linker where the runtime's libraries are (set-up wrote that into `.cargo/config.toml`), and tells the program
//! which models are this project's.

#![expect(clippy::expect_used, reason = "a build script tells its failures by panicking")]

use std::path::{Path, PathBuf};

fn main() {
    list_known_models();
    // The fuzz targets have this build script, too, for their link arguments; the handle is in the library already.
    if std::env::var("CARGO_PKG_NAME").is_ok_and(|name| name == "vision") {
        compile_jpeg_handle();
    }
    // WasmEdge must find ours (layer/src/interposed.rs) before the C library's and LLVM's.
    link_argument("--export-dynamic-symbol=sigaction");
    link_argument("--export-dynamic-symbol=LLVMGetHostCPUFeatures");
    // A twentieth of the space for relocations, which are all read at start.
    link_argument("-z,pack-relative-relocs");
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["VISION_WASMEDGE_LIBRARIES", "VISION_LITERT_LIBRARIES"] {
        println!("cargo:rerun-if-env-changed={name}");
        match std::env::var(name) {
            Ok(folder) => link_argument(&format!("-rpath,{folder}")),
            Err(_) => println!("cargo:warning={name} is not set: run `make setup` once in this clone"),
        }
    }
    // Only DT_RPATH, not DT_RUNPATH, also serves the libraries that our libraries need.
    link_argument("--disable-new-dtags");
    println!("cargo:rerun-if-env-changed=VISION_LOADER");
    if let Ok(loader) = std::env::var("VISION_LOADER") {
        // WasmEdge came with a newer C library than the machine's: the program must start through its loader.
        link_argument("--allow-shlib-undefined");
        link_argument(&format!("--dynamic-linker={loader}"));
    }
}

fn link_argument(argument: &str) {
    println!("cargo:rustc-link-arg=-Wl,{argument}");
}

/// Compiles the handle over libjpeg-turbo with the headers of the library that turbojpeg-sys built.
fn compile_jpeg_handle() {
    let source = "src/image/jpeg/libjpeg.c";
    println!("cargo:rerun-if-changed={source}");
    let include = std::env::var("DEP_TURBOJPEG_INCLUDE").expect("turbojpeg-sys builds libjpeg-turbo");
    cc::Build::new().file(source).includes(include.split(',')).opt_level(3).compile("vision_jpeg");
}

/// Writes name and sha256 of each `models/*/model.toml` for `src/inference/policy.rs`.
fn list_known_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let mut manifests: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of the models")
        .map(|entry| entry.expect("a model's folder").path().join("model.toml"))
        .filter(|manifest| manifest.exists())
        .collect();
    manifests.sort();
    let models: Vec<(String, String)> = manifests.iter().map(|manifest| name_and_sha256(manifest)).collect();
    let file = Path::new(&std::env::var_os("OUT_DIR").expect("cargo sets it")).join("known_models.rs");
    std::fs::write(file, format!("&{models:?}")).expect("the folder for built things");
}

fn name_and_sha256(manifest: &Path) -> (String, String) {
    println!("cargo:rerun-if-changed={}", manifest.display());
    let text = std::fs::read_to_string(manifest).expect("a readable model.toml");
    let manifest: toml::Table = text.parse().expect("a sound model.toml");
    let text = |key: &str| manifest.get(key).and_then(toml::Value::as_str).expect("a text").to_owned();
    (text("name"), text("sha256"))
}

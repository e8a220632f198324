//! Compiles the handle over libjpeg-turbo, tells the engine which models are this project's, and the linker where the
//! runtime's libraries are.

#![expect(clippy::expect_used, reason = "a build script tells its failures by panicking")]

#[path = "../link.rs"]
mod link;

use std::path::{Path, PathBuf};

fn main() {
    list_known_models();
    compile_jpeg_handle();
    link::arguments();
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let mut manifests: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of the models")
        .map(|entry| entry.expect("a model's folder").path().join("model.toml"))
        .filter(|manifest| manifest.exists())
        .collect();
    manifests.sort();
    // Not the folder itself: weights that are fetched into it would compile the engine anew.
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

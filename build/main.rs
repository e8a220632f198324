//! Compiles the model of `models/$MODEL` into the function. Its description and labels are in every build, its weights only
//! in the wasm, so that the library's tests need no weights.

mod manifest;
mod tflite;

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use manifest::Manifest;
use tflite::Tensors;

const DEFAULT_MODEL: &str = "groceries";

/// Room for the largest event and its picture, there from the start: the runtime asks for large pages before the guest
/// runs, and memory that is not touched costs nothing.
const INITIAL_MEMORY_BYTES: u32 = 32 << 20;

fn main() {
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "wasm32") {
        println!("cargo:rustc-link-arg-bins=--initial-memory={INITIAL_MEMORY_BYTES}");
    }
    println!("cargo:rerun-if-env-changed=MODEL");
    if let Err(error) = generate() {
        println!("cargo:error={error}");
        std::process::exit(1);
    }
}

fn generate() -> Result<(), Box<dyn Error>> {
    let model = env::var("MODEL").unwrap_or_else(|_| DEFAULT_MODEL.to_owned());
    let models = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("models");
    let folder = models.join(&model);
    if !folder.join("model.toml").exists() {
        return Err(format!(
            "MODEL is {model:?}, but there is no models/{model}/model.toml; {}",
            known(&models)
        )
        .into());
    }
    let manifest = Manifest::read(&folder.join("model.toml"))?;
    let english = labels(&folder.join("labels.txt"), manifest.output.classes)?;
    let chinese = labels(&folder.join("labels.zh.txt"), manifest.output.classes)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("model.rs"), description(&manifest, &english, &chinese)?)?;
    if env::var("CARGO_CFG_TARGET_ARCH")? == "wasm32" {
        fs::write(out.join("weights.rs"), weights(&folder, &manifest, &out)?)?;
    }
    Ok(())
}

fn known(models: &Path) -> String {
    let entries = fs::read_dir(models).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("model.toml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    format!("known are {}", names.join(", "))
}

fn labels(file: &Path, classes: usize) -> Result<Vec<String>, Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", file.display());
    let text = fs::read_to_string(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    let labels: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    if labels.len() != classes || labels.iter().any(String::is_empty) {
        return Err(
            format!("{} has {} labels, the model {classes} classes", file.display(), labels.len()).into()
        );
    }
    Ok(labels)
}

fn description(
    manifest: &Manifest,
    english: &[String],
    chinese: &[String],
) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    writeln!(code, "/// The model that this function was built with.")?;
    writeln!(code, "pub const MODEL: Model = Model {{")?;
    writeln!(code, "    name: {:?},", manifest.name)?;
    writeln!(code, "    width: {},", manifest.input.width)?;
    writeln!(code, "    height: {},", manifest.input.height)?;
    writeln!(code, "    input_tensor: {:?},", manifest.input.tensor)?;
    writeln!(code, "    output_tensor: {:?},", manifest.output.tensor)?;
    writeln!(code, "    english: &{english:?},")?;
    writeln!(code, "    chinese: &{chinese:?},")?;
    writeln!(code, "}};")?;
    Ok(code)
}

/// The weights beside their quantisation, checked against the manifest.
fn weights(folder: &Path, manifest: &Manifest, out: &Path) -> Result<String, Box<dyn Error>> {
    let file = folder.join(&manifest.file);
    println!("cargo:rerun-if-changed={}", file.display());
    let bytes = fs::read(&file).map_err(|error| {
        format!("can't read {} ({error}): fetch it with `make model-{}`", file.display(), manifest.name)
    })?;
    manifest.check_sha256(&file, &bytes)?;
    let tensors = Tensors::read(&bytes).map_err(|error| format!("{}: {error}", file.display()))?;
    manifest.check_tensors(&file, &tensors)?;
    // A copy at a fixed name: a path of the machine would end up in the generated code.
    fs::write(out.join("model.tflite"), &bytes)?;
    let (scale, zero_point) = (tensors.output.scale, tensors.output.zero_point);
    Ok(format!(
        "/// Weights of the model, aligned as LiteRT's kernels want them.\n\
         static WEIGHTS: Aligned<[u8; {length}]> = Aligned(*include_bytes!(concat!(env!(\"OUT_DIR\"), \"/model.tflite\")));\n\
         /// How the output's bytes become probabilities.\n\
         const OUTPUT: Quantization = Quantization {{ scale: {scale:?}, zero_point: {zero_point} }};\n",
        length = bytes.len()
    ))
}

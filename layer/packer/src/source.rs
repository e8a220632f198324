//! A file that somebody brings: a model, or an archive with one, or the description of one.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path};

use contract::about::Title;
use sha2::{Digest as _, Sha256};

use crate::archive::Archive;
use crate::error::PackError;
use crate::labels;
use crate::manifest::Manifest;

/// Bytes of a file: those of the largest model that the runtime takes.
const MAX_BYTES: u64 = 128 << 20;

/// A model as it was brought, with what lay beside it.
#[derive(Debug)]
pub struct Source {
    /// The name of its file.
    pub(crate) file: String,
    /// The file's name without its ending, for a model without a name.
    pub(crate) stem: String,
    pub(crate) model: Vec<u8>,
    /// Labels that came with it, and where from.
    pub(crate) labels: Option<(Vec<String>, String)>,
    pub(crate) chinese: Option<(Vec<String>, String)>,
    /// Whether it is an export of Teachable Machine, whose models all want the same numbers.
    pub(crate) is_teachable_machine: bool,
    pub(crate) manifest: Option<Manifest>,
}

impl Source {
    /// What people call its model, where that was said.
    pub fn title(&self) -> Option<&Title> {
        self.manifest.as_ref()?.title.as_ref()
    }

    /// Reads it.
    ///
    /// # Errors
    /// See [`PackError`].
    pub fn open(path: &Path) -> Result<Self, PackError> {
        if path.extension().is_some_and(|extension| extension == "toml") {
            return Self::of_manifest(path);
        }
        let bytes = read(path)?;
        Self::of_bytes(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy(), bytes)
    }

    /// The same of a file that was read already.
    ///
    /// # Errors
    /// See [`PackError`].
    pub fn of_bytes(file: &str, bytes: Vec<u8>) -> Result<Self, PackError> {
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned();
        let file = file.to_owned();
        if bytes.get(4..8) == Some(b"TFL3") {
            let (labels, chinese, manifest) = (None, None, None);
            return Ok(Self {
                file,
                stem,
                model: bytes,
                labels,
                chinese,
                is_teachable_machine: false,
                manifest,
            });
        }
        if bytes.starts_with(b"PK") {
            return Self::of_archive(file, stem, &bytes);
        }
        let (found, hint) = other_format(&file, &bytes);
        Err(PackError::OtherFormat { file, found, hint })
    }

    fn of_archive(file: String, stem: String, bytes: &[u8]) -> Result<Self, PackError> {
        let damaged = |reason: String| PackError::Damaged { file: file.clone(), reason };
        let mut archive = Archive::read(bytes).map_err(damaged)?;
        let names = archive.names();
        let models: Vec<&String> = names.iter().filter(|name| name.ends_with(".tflite")).collect();
        // For an accelerator that the runtime does not have.
        let usable: Vec<&&String> = models.iter().filter(|name| !name.contains("edgetpu")).collect();
        let model = match usable[..] {
            [model] => archive.file(model).map_err(damaged)?,
            [] => {
                let (found, hint) = export_without_model(&names);
                return Err(PackError::OtherFormat { file, found, hint });
            }
            _ => {
                let list: Vec<&str> = usable.iter().map(|name| name.as_str()).collect();
                return Err(PackError::Option(format!(
                    "{file} has {} models: {}; unpack it and name one",
                    list.len(),
                    list.join(", ")
                )));
            }
        };
        let is_labels = |name: &&String| {
            let name = name.rsplit('/').next().unwrap_or_default().to_lowercase();
            name.starts_with("label") || name == "dict.txt" || name == "classes.txt"
        };
        let labels = match names.iter().find(is_labels) {
            Some(name) => {
                let bytes = archive.file_within(name, labels::MAX_BYTES).map_err(damaged)?;
                let labels = labels::read(&bytes)
                    .map_err(|reason| PackError::Labels(format!("{name} in {file}: {reason}")))?;
                Some((labels, format!("{name} in {file}")))
            }
            None => None,
        };
        // It names its files so, and no other tool does both.
        let is_teachable_machine = labels.as_ref().is_some_and(|(_, from)| from.starts_with("labels.txt"))
            && usable.iter().any(|name| ["model.tflite", "model_unquant.tflite"].contains(&name.as_str()));
        if model.get(4..8) != Some(b"TFL3") {
            return Err(damaged("the .tflite file in it is no TensorFlow Lite model".to_owned()));
        }
        Ok(Self { file, stem, model, labels, chinese: None, is_teachable_machine, manifest: None })
    }

    fn of_manifest(path: &Path) -> Result<Self, PackError> {
        let manifest = Manifest::read(path)?;
        let is_name = |part| matches!(part, Component::Normal(_));
        if manifest.file.is_empty() || !Path::new(&manifest.file).components().all(is_name) {
            let shown: String = manifest.file.chars().take(80).collect();
            let path = path.display();
            return Err(PackError::Unfit(format!(
                "{path} names the file {shown:?}, accepted are files in its own folder"
            )));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let (file, english, chinese) =
            (folder.join(&manifest.file), folder.join("labels.txt"), folder.join("labels.zh.txt"));
        let model = read(&file).map_err(|error| match error {
            PackError::Unreadable { file, reason } => PackError::Unreadable {
                file,
                reason: format!("{reason}: fetch it with `make model-{}`", manifest.name),
            },
            other => other,
        })?;
        let found: String = Sha256::digest(&model).iter().map(|byte| format!("{byte:02x}")).collect();
        if found != manifest.sha256 {
            let (file, expected) = (file.display(), &manifest.sha256);
            return Err(PackError::Unfit(format!(
                "{file} has sha256 {found}, its model.toml says {expected}"
            )));
        }
        let labels = labels::read_file(&english)?;
        let chinese = chinese
            .exists()
            .then(|| Ok::<_, PackError>((labels::read_file(&chinese)?, chinese.display().to_string())))
            .transpose()?;
        Ok(Self {
            file: file.display().to_string(),
            stem: manifest.name.clone(),
            model,
            labels: Some((labels, english.display().to_string())),
            chinese,
            is_teachable_machine: false,
            manifest: Some(manifest),
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PackError> {
    let unreadable = |reason: String| PackError::Unreadable { file: path.display().to_string(), reason };
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(unreadable(
            "it is a folder; accepted are .tflite files, zips with one, and model.toml (a SavedModel must be converted first: \
             docs/own-model.md)"
                .to_owned(),
        ));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(unreadable(format!("it has more than {} MiB", MAX_BYTES >> 20)));
    }
    Ok(bytes)
}

const CONVERT: &str = "convert it with TensorFlow's TFLiteConverter (docs/own-model.md)";
const EXPORT: &str = "in Teachable Machine choose Export Model, TensorFlow Lite, Floating point or Quantized";

/// What a file is that is no TensorFlow Lite model, and what to do.
fn other_format(file: &str, bytes: &[u8]) -> (String, &'static str) {
    let ends = |ending: &str| file.to_lowercase().ends_with(ending);
    if bytes.is_empty() {
        return ("empty".to_owned(), "take the whole file");
    }
    if bytes.starts_with(b"\x89HDF") {
        return ("a Keras model (HDF5)".to_owned(), CONVERT);
    }
    if ends(".onnx") {
        return ("an ONNX model".to_owned(), CONVERT);
    }
    if ends(".pb") {
        return ("a TensorFlow graph".to_owned(), CONVERT);
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return ("a packed file (gzip)".to_owned(), "unpack it first");
    }
    if bytes.trim_ascii_start().starts_with(b"version https://git-lfs") {
        return ("a pointer of Git LFS, not the model itself".to_owned(), "fetch it with `git lfs pull`");
    }
    if bytes.trim_ascii_start().starts_with(b"<") {
        return ("a web page".to_owned(), "download the file itself");
    }
    (
        format!(
            "something else (it starts with {:?})",
            String::from_utf8_lossy(bytes.get(..8).unwrap_or(bytes))
        ),
        CONVERT,
    )
}

/// What a zip is that has no model for this runtime.
fn export_without_model(names: &[String]) -> (String, &'static str) {
    let has = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    if has("edgetpu.tflite") {
        return ("an export for the Edge TPU".to_owned(), EXPORT);
    }
    if has("model.json") {
        return ("an export for TensorFlow.js".to_owned(), EXPORT);
    }
    if has("keras_model.h5") {
        return ("an export for Keras".to_owned(), EXPORT);
    }
    if has("saved_model.pb") || has("model.weights.h5") || has(".h5") {
        return ("a Keras or TensorFlow model".to_owned(), CONVERT);
    }
    ("a zip without a .tflite file".to_owned(), EXPORT)
}

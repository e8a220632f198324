//! Models that get a name, by which modules load them through WASI-NN: `NAME:ENCODING:TARGET:PATH`.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;
use worker::limits::{MODEL_BYTES, NN_MODELS};
use worker::{ModelPolicy, NnEncoding, NnModel, Sha256Sum};

use super::whole_file::{read_whole, sum_of};

/// Characters of a name; more can't be asked for (`TENSOR_NAME_BYTES`).
const MAX_NAME_BYTES: usize = 256;

/// A model's name and file, as WasmEdge's `--nn-preload` has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedModel {
    /// The name.
    pub name: String,
    /// What the file is.
    pub encoding: NnEncoding,
    /// The file.
    pub path: PathBuf,
}

/// Why models with names can't be had.
#[derive(Debug, Error)]
pub enum NamedModelError {
    /// The file can't be read.
    #[error("can't read the model {path} for the name {name:?}: {reason}")]
    Unreadable {
        /// The model's name.
        name: String,
        /// Its file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Nobody said that the model may run.
    #[error(
        "the model {path} with sha256 {sum} is not known; to let it run: --allow-model {sum} (or --allow-any-model, \
         where you trust the module and all that it reads)"
    )]
    NotAllowed {
        /// Its file.
        path: String,
        /// Its sha256.
        sum: Sha256Sum,
    },
    /// Two models have one name.
    #[error("two models are named {0:?} by --nn-preload")]
    SameName(String),
    /// There are too many.
    #[error("--nn-preload names {found} models, accepted are up to {limit}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}

impl FromStr for NamedModel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let accepted =
            "accepted is NAME:ENCODING:TARGET:PATH, such as birds:tensorflowlite:cpu:./birds.tflite";
        let mut parts = text.splitn(4, ':');
        let (Some(name), Some(encoding), Some(target), Some(path)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("found {text:?}, {accepted}"));
        };
        if name.is_empty() || path.is_empty() || name.len() > MAX_NAME_BYTES {
            return Err(format!("found {text:?}, {accepted}, with a name of 1 to {MAX_NAME_BYTES} bytes"));
        }
        let encoding = match encoding.to_lowercase().as_str() {
            "tensorflowlite" => NnEncoding::TensorFlowLite,
            "tensorflow" => NnEncoding::TensorFlow,
            _ => {
                return Err(format!(
                    "found the encoding {encoding:?}, accepted are tensorflowlite and tensorflow"
                ));
            }
        };
        if !["cpu", "auto"].contains(&target.to_lowercase().as_str()) {
            return Err(format!("found the target {target:?}, accepted are cpu and auto"));
        }
        Ok(Self { name: name.to_owned(), encoding, path: path.into() })
    }
}

impl NamedModel {
    /// Reads the models, which must be known.
    ///
    /// # Errors
    /// See [`NamedModelError`].
    pub fn read_all(models: &[Self], policy: &ModelPolicy) -> Result<Vec<NnModel>, NamedModelError> {
        if models.len() > NN_MODELS {
            return Err(NamedModelError::TooMany { found: models.len(), limit: NN_MODELS });
        }
        for (place, model) in models.iter().enumerate() {
            if models.iter().take(place).any(|earlier| earlier.name == model.name) {
                return Err(NamedModelError::SameName(model.name.clone()));
            }
        }
        models.iter().map(|model| model.read(policy)).collect()
    }

    fn read(&self, policy: &ModelPolicy) -> Result<NnModel, NamedModelError> {
        let Self { name, encoding, path } = self;
        let shown = || path.display().to_string();
        let unreadable =
            |reason: String| NamedModelError::Unreadable { name: name.clone(), path: shown(), reason };
        let file = read_whole(path, MODEL_BYTES).map_err(unreadable)?;
        let sum = sum_of(&file).map_err(|error| unreadable(error.to_string()))?;
        policy.check_sum(sum).map_err(|sum| NamedModelError::NotAllowed { path: shown(), sum })?;
        Ok(NnModel { name: name.clone(), encoding: *encoding, file: Some(Arc::new(file)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_an_encoding_a_target_and_a_path_are_told_apart() {
        let read = |text: &str| text.parse::<NamedModel>();
        let named = |name: &str, encoding, path: &str| NamedModel {
            name: name.to_owned(),
            encoding,
            path: path.into(),
        };
        assert_eq!(
            read("birds:tensorflowlite:cpu:a.tflite"),
            Ok(named("birds", NnEncoding::TensorFlowLite, "a.tflite"))
        );
        assert_eq!(
            read("default:TensorFlow:AUTO:/a:b.pb"),
            Ok(named("default", NnEncoding::TensorFlow, "/a:b.pb"))
        );
        for (text, message) in [
            ("", "accepted is NAME:"),
            ("birds", "accepted is NAME:"),
            ("birds:tensorflowlite:a.tflite", "accepted is NAME:"),
            (":tensorflowlite:cpu:a.tflite", "a name of 1 to"),
            ("birds:tensorflowlite:cpu:", "a name of 1 to"),
            ("birds:pytorch:cpu:a.pt", "accepted are tensorflowlite and tensorflow"),
            ("birds:tensorflowlite:gpu:a.tflite", "accepted are cpu and auto"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn models_that_are_not_known_share_a_name_or_are_not_there_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.tflite");
        std::fs::write(&path, "a model").unwrap();
        let model = NamedModel { name: "m".to_owned(), encoding: NnEncoding::TensorFlowLite, path };
        let models = std::slice::from_ref(&model);
        let sum = Sha256Sum::of(b"a model");
        let refusal = NamedModel::read_all(models, &ModelPolicy::default()).unwrap_err().to_string();
        assert!(refusal.contains(&format!("--allow-model {sum} ")), "{refusal}");
        for policy in [ModelPolicy::known_and([sum]), ModelPolicy::Any] {
            let read = NamedModel::read_all(models, &policy).unwrap();
            assert_eq!((read.len(), read[0].name.as_str()), (1, "m"));
        }
        let twice = NamedModel::read_all(&[model.clone(), model.clone()], &ModelPolicy::Any).unwrap_err();
        assert_eq!(twice.to_string(), "two models are named \"m\" by --nn-preload");
        let many: Vec<_> =
            (0..17).map(|number| NamedModel { name: number.to_string(), ..model.clone() }).collect();
        assert!(NamedModel::read_all(&many, &ModelPolicy::Any).unwrap_err().to_string().contains("up to 16"));
        let absent = NamedModel { path: folder.path().join("none"), ..model };
        let refusal = NamedModel::read_all(&[absent], &ModelPolicy::Any).unwrap_err().to_string();
        assert!(refusal.contains("for the name \"m\": No such file"), "{refusal}");
    }
}

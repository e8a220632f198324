//! From a model and what is known of it to what the function must know, with where each part came from.

mod findings;
mod input;
mod labels_of_classes;
mod options;
mod output;
mod values;

use packed::{Certainty, Description, Output, Parts, Scores, Unsure};
use sha2::{Digest as _, Sha256};

use crate::error::{PackError, unfit};
use crate::fixed::fix;
use crate::metadata::Metadata;
use crate::source::Source;
use crate::tflite::Graph;
use findings::Findings;
use input::{input, picture_input};
use labels_of_classes::all_labels;
use output::{choose_output, output};

pub use findings::Finding;
pub use options::Options;

/// A block that can be put into a function.
#[derive(Debug)]
pub struct Packing {
    /// The block.
    pub block: Vec<u8>,
    /// The model that is in it.
    pub sha256: [u8; 32],
    /// What was found.
    pub findings: Vec<Finding>,
}

/// Makes a block of a model.
///
/// # Errors
/// See [`PackError`].
pub fn pack(source: &Source, options: &Options) -> Result<Packing, PackError> {
    let damaged = |reason: String| PackError::Damaged { file: source.file.clone(), reason };
    let graph = Graph::read(&source.model).map_err(|error| damaged(error.to_string()))?;
    let metadata = match graph.metadata {
        // Metadata that can't be read is as good as none.
        Some(bytes) => Metadata::read(bytes, &source.model).unwrap_or_default(),
        None => Metadata::default(),
    };
    refuse_operators(&graph)?;
    let mut findings = Findings::default();
    let name = name(source, &metadata, options, &mut findings);
    let input_index = picture_input(&graph)?;
    let (model, was_open) =
        fix(&source.model, input_index, options.input_size.map(|(width, height)| (height, width)))
            .map_err(|error| damaged(error.to_string()))?;
    let sha256: [u8; 32] = Sha256::digest(&model).into();
    findings.add("model", format!("{}, {} bytes", source.file, model.len()));
    let sum: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let fixed = if was_open {
        " (its open batch or size was made fixed, so it is another one than the file's)"
    } else {
        ""
    };
    findings.add("sha256", format!("{sum}{fixed}"));
    let input = input(&graph, input_index, source, &metadata, options, &mut findings)?;
    let chosen = choose_output(&graph, source, &metadata, options)?;
    let output = output(&graph, chosen, source, options, &mut findings)?;
    let labels_of_output = graph.outputs.iter().position(|index| *index == chosen);
    let labels_of_output = labels_of_output.and_then(|place| metadata.labels.get(place));
    let (english, chinese) = all_labels(source, labels_of_output, options, output.classes, &mut findings)?;
    let unsure = unsure(source, &metadata, options, &output, &mut findings)?;
    let description = Description { name, input, output, unsure };
    let parts =
        Parts { description: &description, english: &english, chinese: &chinese, model: &model, sha256 };
    let block =
        parts.pack().map_err(|damage| PackError::Option(format!("this makes no function: {damage}")))?;
    Ok(Packing { block, sha256, findings: findings.0 })
}

fn name(source: &Source, metadata: &Metadata, options: &Options, findings: &mut Findings) -> String {
    let (name, from) = if let Some(name) = &options.name {
        (name.clone(), "--name")
    } else if let Some(manifest) = &source.manifest {
        (manifest.name.clone(), "model.toml")
    } else if let Some(name) = &metadata.name {
        (name.clone(), "the model's metadata")
    } else {
        (source.stem.clone(), "the file's name")
    };
    let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(100).collect();
    findings.add("name", format!("{name} (from {from})"));
    name
}

/// Refuses what the runtime does not run, by name.
fn refuse_operators(graph: &Graph<'_>) -> Result<(), PackError> {
    let mut custom: Vec<&str> = graph.steps.iter().filter_map(|step| step.custom.as_deref()).collect();
    custom.sort_unstable();
    custom.dedup();
    if custom.iter().any(|name| name.contains("Detection_PostProcess")) {
        return unfit(
            "it is a detection model (TFLite_Detection_PostProcess): it answers boxes; accepted are models that answer a \
             value for each class of the whole picture",
        );
    }
    if custom.contains(&"edgetpu-custom-op") {
        return unfit(
            "it is compiled for the Edge TPU, which the runtime has not; take the model that was not",
        );
    }
    if let Some(name) = custom.iter().find(|name| name.starts_with("Flex")) {
        return unfit(format!(
            "it needs TensorFlow's operator {name}; convert it with TensorFlow Lite's built-in operators only"
        ));
    }
    if !custom.is_empty() {
        return unfit(format!("it has operators that the runtime does not know: {}", custom.join(", ")));
    }
    if graph.other_graphs > 0 {
        return unfit(format!(
            "it has {} graphs (loops, branches or calls); accepted is one",
            graph.other_graphs + 1
        ));
    }
    Ok(())
}

fn unsure(
    source: &Source,
    metadata: &Metadata,
    options: &Options,
    output: &Output,
    findings: &mut Findings,
) -> Result<Unsure, PackError> {
    let told = source.manifest.as_ref().map(|manifest| manifest.unsure.clone()).unwrap_or_default();
    let (unsure, from) = if options.threshold.is_some() || options.threshold_by.is_some() {
        let by = options.threshold_by.unwrap_or_default();
        (Unsure { by, below: options.threshold.or(told.below), background: told.background }, "--threshold")
    } else if !told.is_never() {
        (told, "model.toml")
    } else if let Some(threshold) = metadata.threshold {
        (Unsure { below: Some(threshold), ..Unsure::default() }, "the model's metadata")
    } else {
        findings.add("threshold", "none, so that no answer is marked as unsure (--threshold)");
        return Ok(Unsure::default());
    };
    if unsure.by == Certainty::Energy && output.scores != Scores::Logits {
        return Err(PackError::Option(
            "a threshold of energy needs a model that answers logits; this one answers probabilities"
                .to_owned(),
        ));
    }
    if let Some(below) = unsure.below {
        if unsure.by != Certainty::Energy && !(0.0..=1.0).contains(&below) {
            return Err(PackError::Option(format!(
                "the threshold is {below}, accepted are 0 to 1 for {}",
                unsure.by.name()
            )));
        }
        findings.add("threshold", format!("{} below {below} is unsure (from {from})", unsure.by.name()));
    }
    Ok(unsure)
}

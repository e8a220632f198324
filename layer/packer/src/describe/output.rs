//! The output that has the classes, and what its values are.

use packed::{Element, Output, Quantization, Scores};

use super::findings::Findings;
use super::options::Options;
use super::values::{element_of, quantization};
use crate::error::{PackError, unfit};
use crate::metadata::Metadata;
use crate::source::Source;
use crate::tflite::{Graph, Tensor, operator};

/// Which output has the classes.
pub(super) fn choose_output(
    graph: &Graph<'_>,
    source: &Source,
    metadata: &Metadata,
    options: &Options,
) -> Result<usize, PackError> {
    let list = || -> String {
        let all: Vec<String> = graph
            .outputs
            .iter()
            .map(|index| graph.tensor(*index))
            .map(|tensor| format!("{:?} {}", tensor.name, tensor.kind()))
            .collect();
        all.join(", ")
    };
    let wanted = options.output.as_deref().or(source.manifest.as_ref().map(|it| it.output.tensor.as_str()));
    if let Some(name) = wanted {
        let found = graph.outputs.iter().copied().find(|index| graph.has_name(*index, name));
        return found.ok_or_else(|| {
            PackError::Option(format!("there is no output {name:?}; the model has {}", list()))
        });
    }
    let is_boxes = |index: &usize| matches!(graph.tensor(*index).shape[..], [1, _, 4]);
    match graph.outputs[..] {
        [] => unfit("it has no output"),
        [one] => Ok(one),
        _ if graph.outputs.iter().any(is_boxes) => unfit(format!(
            "it has boxes among its outputs ({}): a detection model; accepted are models that answer a value for each class of \
             the whole picture",
            list()
        )),
        _ => {
            let known = options.labels.as_ref().or(source.labels.as_ref()).map(|(labels, _)| labels.len());
            let with_labels =
                graph.outputs.iter().zip(&metadata.labels).filter(|(_, labels)| !labels.english.is_empty());
            let fitting: Vec<usize> = match known {
                Some(count) => {
                    let has_as_many = |index: &usize| classes_of(graph.tensor(*index)) == Some(count);
                    graph.outputs.iter().copied().filter(has_as_many).collect()
                }
                None => with_labels.map(|(index, _)| *index).collect(),
            };
            match fitting[..] {
                [one] => Ok(one),
                _ => Err(PackError::Option(format!(
                    "it has {} outputs: {}; choose one with --output-tensor NAME",
                    graph.outputs.len(),
                    list()
                ))),
            }
        }
    }
}

/// How many values an output has, if it has them in a row.
fn classes_of(tensor: &Tensor) -> Option<usize> {
    let mut long = tensor.shape.iter().filter(|side| **side != 1);
    match (long.next(), long.next()) {
        (None, _) => Some(1),
        (Some(side), None) => usize::try_from(*side).ok(),
        _ => None,
    }
}

pub(super) fn output(
    graph: &Graph<'_>,
    index: usize,
    source: &Source,
    options: &Options,
    findings: &mut Findings,
) -> Result<Output, PackError> {
    let tensor = graph.tensor(index);
    let kind = tensor.kind();
    let Some(element) = element_of(tensor) else {
        return unfit(format!("its output is {kind}; accepted are uint8, int8 and float32"));
    };
    let classes = match classes_of(tensor) {
        Some(1) => {
            return unfit(format!(
                "its output is {kind}, a single value; accepted is a value for each class, two at least (end it with a softmax \
                 over two classes)"
            ));
        }
        Some(classes) => classes,
        None if matches!(tensor.shape[..], [1, _, values] if values >= 4) => {
            return unfit(format!(
                "its output is {kind}: boxes or parts, as of a detection model; accepted are [1, classes]"
            ));
        }
        None => {
            return unfit(format!(
                "its output is {kind}: a value for each place, as of a segmentation model; accepted are [1, classes]"
            ));
        }
    };
    if let Some(manifest) = &source.manifest
        && manifest.output.classes != classes
    {
        return unfit(format!(
            "model.toml says {} classes; the model has {classes}",
            manifest.output.classes
        ));
    }
    let quantization = quantization(tensor, element)?;
    if element != Element::Float32 && quantization.is_none() {
        return unfit(format!("its output {:?} has no scale, so its bytes mean nothing", tensor.name));
    }
    let (scores, why) = match options.scores {
        Some(scores) => (scores, "from --scores".to_owned()),
        None => scores(graph, index, element, quantization),
    };
    let kind = match scores {
        Scores::Probabilities => "probabilities",
        Scores::Logits => "logits, of which a softmax makes probabilities",
    };
    findings.add("output", format!("{:?}, {}, {classes} classes", tensor.name, element.name()));
    findings.add("values", format!("{kind} ({why})"));
    Ok(Output { tensor: tensor.name.clone(), classes, element, quantization, scores })
}

/// Whether an output are probabilities, and how that is known.
fn scores(
    graph: &Graph<'_>,
    output: usize,
    element: Element,
    quantization: Option<Quantization>,
) -> (Scores, String) {
    // What only changes type and shape is passed over.
    let passes = [operator::DEQUANTIZE, operator::QUANTIZE, operator::RESHAPE, operator::SQUEEZE];
    let (mut tensor, mut last) = (output, graph.writer(output));
    for _ in 0..8 {
        match last {
            Some(step) if passes.contains(&step.operator) => {
                tensor = step.inputs.first().copied().unwrap_or(tensor);
                last = graph.writer(tensor);
            }
            _ => break,
        }
    }
    match last.map(|step| step.operator) {
        Some(operator::SOFTMAX) => {
            return (Scores::Probabilities, "the model ends with a softmax".to_owned());
        }
        Some(operator::LOGISTIC) => {
            return (Scores::Probabilities, "the model ends with a sigmoid".to_owned());
        }
        _ => {}
    }
    if let Some(Quantization { scale, zero_point }) = quantization {
        let least = if element == Element::Int8 { -128 } else { 0 };
        if zero_point == least && (scale * 256.0 - 1.0).abs() < 0.01 {
            return (Scores::Probabilities, "the output reaches from 0 to 1".to_owned());
        }
    }
    (Scores::Logits, "the model ends without a softmax".to_owned())
}

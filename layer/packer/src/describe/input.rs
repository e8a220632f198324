//! The input that takes the picture, and how bytes become its numbers.

use packed::{Element, Input, Normalization, Quantization};

use super::findings::Findings;
use super::options::Options;
use super::values::{element_of, quantization};
use crate::error::{PackError, unfit};
use crate::metadata::Metadata;
use crate::source::Source;
use crate::tflite::{Graph, Tensor, operator};

/// The number of the one input, which must be a picture.
pub(super) fn picture_input(graph: &Graph<'_>) -> Result<usize, PackError> {
    let list = || -> Vec<String> {
        graph
            .inputs
            .iter()
            .map(|index| graph.tensor(*index))
            .map(|it| format!("{:?} {}", it.name, it.kind()))
            .collect()
    };
    let [index] = graph.inputs[..] else {
        return unfit(format!(
            "it has {} inputs ({}); accepted is one, a picture",
            graph.inputs.len(),
            list().join(", ")
        ));
    };
    let tensor = graph.tensor(index);
    let kind = tensor.kind();
    if tensor.shape.len() != 4 {
        let guess = match tensor.element {
            2 | 4 | 5 => "; it may be a model for text",
            Tensor::FLOAT32 if tensor.shape.len() <= 2 => "; it may be a model for sounds or tables",
            _ => "",
        };
        return unfit(format!(
            "its input is {kind}; accepted are pictures: [1, height, width, 3 or 1]{guess}"
        ));
    }
    Ok(index)
}

pub(super) fn input(
    graph: &Graph<'_>,
    index: usize,
    source: &Source,
    metadata: &Metadata,
    options: &Options,
    findings: &mut Findings,
) -> Result<Input, PackError> {
    let tensor = graph.tensor(index);
    let kind = tensor.kind();
    let element = element_of(tensor).ok_or_else(|| {
        PackError::Unfit(format!("its input is {kind}; accepted are uint8, int8 and float32"))
    })?;
    let (batch, channels_first, channels, height, width) = match tensor.shape[..] {
        [batch, height, width, channels @ (1 | 3)] => (batch, false, channels, height, width),
        [batch, channels @ (1 | 3), height, width] => (batch, true, channels, height, width),
        _ => return unfit(format!("its input is {kind}; accepted are pictures of 3 channels or 1")),
    };
    if batch != 1 {
        return unfit(format!("its input is {kind}; accepted is a batch of one picture"));
    }
    let is_open = |place: usize| tensor.signature.get(place).is_some_and(|side| *side < 0);
    let sides = if channels_first { [2, 3] } else { [1, 2] };
    let is_open = sides.map(is_open).contains(&true);
    let (width, height) = match options.input_size {
        Some(size) if is_open && !channels_first => size,
        Some(size) if size == (width.cast_unsigned(), height.cast_unsigned()) => size,
        Some((asked_width, asked_height)) => {
            return Err(PackError::Option(format!(
                "--input-size is {asked_width}x{asked_height}, but the model takes {width}x{height} only"
            )));
        }
        None if is_open => {
            return Err(PackError::Option(format!(
                "its input is {kind}: it takes pictures of any size; say which with --input-size WIDTHxHEIGHT"
            )));
        }
        None => (width.cast_unsigned(), height.cast_unsigned()),
    };
    if let Some(manifest) = &source.manifest {
        let wanted = &manifest.input;
        if (wanted.tensor.as_str(), wanted.width, wanted.height) != (tensor.name.as_str(), width, height) {
            return unfit(format!(
                "model.toml says input {:?} of {}x{}; the model has {:?} of {width}x{height}",
                wanted.tensor, wanted.width, wanted.height, tensor.name
            ));
        }
    }
    let colours = if channels == 3 { "red, green, blue" } else { "grey" };
    let planes = if channels_first { ", a plane each" } else { "" };
    let from = if is_open { " (from --input-size)" } else { "" };
    findings.add(
        "input",
        format!("{:?}, {}, {width} × {height}{from}, {colours}{planes}", tensor.name, element.name()),
    );
    let quantization = quantization(tensor, element)?;
    let (normalization, why) = normalization(graph, index, element, quantization, source, metadata, options)?;
    let numbers = match normalization {
        Some(Normalization { mean, std }) => format!("(byte − {}) / {}", short(mean), short(std)),
        None if element == Element::Int8 => "byte − 128".to_owned(),
        None => "the byte itself".to_owned(),
    };
    findings.add("normalisation", format!("{numbers} ({why})"));
    Ok(Input {
        tensor: tensor.name.clone(),
        width,
        height,
        channels: channels.cast_unsigned(),
        channels_first,
        element,
        normalization,
        quantization: quantization.filter(|_| normalization.is_some()),
    })
}

fn short(numbers: [f32; 3]) -> String {
    let [first, second, third] = numbers;
    if first == second && second == third { first.to_string() } else { format!("{numbers:?}") }
}

/// Numbers of models that want −1 to 1.
const SIGNED: Normalization = Normalization { mean: [127.5; 3], std: [127.5; 3] };
const UNSIGNED: Normalization = Normalization { mean: [0.0; 3], std: [255.0; 3] };
const BYTES: Normalization = Normalization { mean: [0.0; 3], std: [1.0; 3] };

/// How bytes become numbers, and how that is known.
fn normalization(
    graph: &Graph<'_>,
    input: usize,
    element: Element,
    quantization: Option<Quantization>,
    source: &Source,
    metadata: &Metadata,
    options: &Options,
) -> Result<(Option<Normalization>, String), PackError> {
    let told = match (options.mean, options.std) {
        (None, None) => match &source.manifest {
            Some(manifest) => manifest.normalization()?.map(|numbers| (numbers, "model.toml")),
            None => None,
        },
        (mean, std) => {
            let numbers = Normalization { mean: mean.unwrap_or([0.0; 3]), std: std.unwrap_or([1.0; 3]) };
            Some((numbers, "--mean, --std"))
        }
    };
    if let Some((numbers, from)) = told {
        if element != Element::Float32 && quantization.is_none() {
            return Err(PackError::Option(
                "--mean and --std need an input with a scale; this one takes bytes as they are".to_owned(),
            ));
        }
        return Ok((Some(numbers), format!("from {from}")));
    }
    let in_metadata = "from the model's metadata".to_owned();
    if element != Element::Float32 {
        let Some(quantization) = quantization else { return Ok((None, "the input takes bytes".to_owned())) };
        let (from, to) = range(element == Element::Int8, quantization.scale, quantization.zero_point as f32);
        return Ok(match (numbers_of(from, to), metadata.normalization) {
            (Some(_), _) => (None, format!("the input takes bytes, which stand for {from:.2} to {to:.2}")),
            (None, Some(numbers)) => (Some(numbers), in_metadata),
            (None, None) => (
                None,
                format!(
                    "assumed: bytes stand for {from:.2} to {to:.2}, and the file does not say how; check a few pictures, or tell it \
                     with --mean and --std"
                ),
            ),
        });
    }
    if let Some(numbers) = metadata.normalization {
        return Ok((Some(numbers), in_metadata));
    }
    Ok(guessed(graph, input, source))
}

/// What the least and the greatest byte stand for.
fn range(is_signed: bool, scale: f32, zero_point: f32) -> (f32, f32) {
    let least = if is_signed { -128.0 } else { 0.0 };
    (scale * (least - zero_point), scale * (least + 255.0 - zero_point))
}

/// The numbers that bytes become in a range that models are trained with.
fn numbers_of(from: f32, to: f32) -> Option<Normalization> {
    let known = [((-1.0_f32, 1.0_f32), SIGNED), ((0.0, 1.0), UNSIGNED), ((0.0, 255.0), BYTES)];
    let found = known.into_iter().find(|((least, greatest), _)| {
        let room = (greatest - least) * 0.05;
        (from - least).abs() < room && (to - greatest).abs() < room
    });
    found.map(|(_, numbers)| numbers)
}

/// What the graph's first operator tells of a floating-point input.
fn guessed(graph: &Graph<'_>, input: usize, source: &Source) -> (Option<Normalization>, String) {
    let first = graph.reader(input);
    if let Some(step) = first
        && step.operator == operator::QUANTIZE
        && let Some(quantized) = step.outputs.first().map(|output| graph.tensor(*output))
        && let Some((scale, zero_point)) = quantized.quantization
    {
        let (from, to) = range(quantized.element == Tensor::INT8, scale, zero_point as f32);
        if let Some(numbers) = numbers_of(from, to) {
            return (Some(numbers), format!("the model quantises numbers from {from:.2} to {to:.2}"));
        }
    }
    if source.is_teachable_machine {
        return (Some(SIGNED), "as all models of Teachable Machine want it".to_owned());
    }
    let rescales = [operator::MUL, operator::SUB, operator::DIV, operator::ADD, operator::CAST];
    if let Some(step) = first
        && rescales.contains(&step.operator)
        && step.inputs.iter().all(|index| *index == input || graph.tensor(*index).is_constant)
    {
        return (Some(BYTES), "the model begins with rescaling of its own".to_owned());
    }
    (
        Some(SIGNED),
        "assumed, because the file does not say: check a few pictures, or tell it with --mean and --std"
            .to_owned(),
    )
}

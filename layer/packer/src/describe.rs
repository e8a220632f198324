//! From a model and what is known of it to what the function must know, with where each part came from.

use packed::{
    Certainty, Description, Element, Input, Normalization, Output, Parts, Quantization, Scores, Unsure,
};
use sha2::{Digest as _, Sha256};

use crate::error::{PackError, unfit};
use crate::fixed::fix;
use crate::metadata::{Metadata, OutputLabels};
use crate::source::Source;
use crate::tflite::{Graph, Tensor, operator};

/// What a person says of a model; it counts for more than what is found.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Its name.
    pub name: Option<String>,
    /// The labels, and the file that they are from.
    pub labels: Option<(Vec<String>, String)>,
    /// The Chinese ones.
    pub chinese: Option<(Vec<String>, String)>,
    /// `(byte − mean) / std`.
    pub mean: Option<[f32; 3]>,
    /// See `mean`.
    pub std: Option<[f32; 3]>,
    /// Width and height, for a model that takes pictures of any size.
    pub input_size: Option<(u32, u32)>,
    /// Which of several outputs.
    pub output: Option<String>,
    /// Number of the label of the first class.
    pub offset: Option<i64>,
    /// Whether the output are probabilities or logits.
    pub scores: Option<Scores>,
    /// Below which answers are unsure.
    pub threshold: Option<f64>,
    /// What the threshold is of.
    pub threshold_by: Option<Certainty>,
}

/// Something that was found out, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: &'static str,
    /// What was found, and where from.
    pub found: String,
}

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

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, about: &'static str, found: impl Into<String>) {
        self.0.push(Finding { about, found: found.into() });
    }
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

/// The number of the one input, which must be a picture.
fn picture_input(graph: &Graph<'_>) -> Result<usize, PackError> {
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

fn input(
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

fn element_of(tensor: &Tensor) -> Option<Element> {
    match tensor.element {
        Tensor::FLOAT32 => Some(Element::Float32),
        Tensor::UINT8 => Some(Element::Uint8),
        Tensor::INT8 => Some(Element::Int8),
        _ => None,
    }
}

fn quantization(tensor: &Tensor, element: Element) -> Result<Option<Quantization>, PackError> {
    if element == Element::Float32 {
        return Ok(None);
    }
    let Some((scale, zero_point)) = tensor.quantization else { return Ok(None) };
    match i32::try_from(zero_point) {
        Ok(zero_point) if scale.is_normal() => Ok(Some(Quantization { scale, zero_point })),
        _ => unfit(format!("tensor {:?} has scale {scale} and zero point {zero_point}", tensor.name)),
    }
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

/// Which output has the classes.
fn choose_output(
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

fn output(
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

/// The labels in both languages: as many as classes.
fn all_labels(
    source: &Source,
    of_output: Option<&OutputLabels>,
    options: &Options,
    classes: usize,
    findings: &mut Findings,
) -> Result<(Vec<String>, Vec<String>), PackError> {
    let of_metadata = |labels: fn(&OutputLabels) -> &Vec<String>| {
        let found = of_output.filter(|found| !labels(found).is_empty());
        found.map(|found| (labels(found).clone(), "the model's metadata".to_owned()))
    };
    let english = options.labels.clone().or_else(|| source.labels.clone());
    let english = english.or_else(|| of_metadata(|labels| &labels.english)).ok_or_else(|| {
        PackError::Labels(format!(
            "the model has {classes} classes and no labels in it: give them with --labels FILE, one a line in the order of the \
             classes"
        ))
    })?;
    let chinese = options.chinese.clone().or_else(|| source.chinese.clone());
    let chinese = chinese.or_else(|| of_metadata(|labels| &labels.chinese));
    let offset = options.offset.unwrap_or(0);
    let english_labels = fitted(&english.0, &english.1, classes, offset, "background")?;
    findings.add("labels", format!("{} (from {}{})", english_labels.len(), english.1, moved(offset)));
    let chinese_labels = match chinese {
        Some((labels, from)) => {
            let labels = fitted(&labels, &from, classes, offset, "背景")?;
            findings.add("in Chinese", format!("{} (from {from})", labels.len()));
            labels
        }
        None => {
            findings.add("in Chinese", "none, so that the same ones are used (--labels-zh)");
            Vec::new()
        }
    };
    Ok((english_labels, chinese_labels))
}

fn moved(offset: i64) -> String {
    if offset == 0 { String::new() } else { format!(", --offset {offset}") }
}

/// As many labels as classes, the first class having the label with the number `offset`.
fn fitted(
    labels: &[String],
    from: &str,
    classes: usize,
    offset: i64,
    background: &str,
) -> Result<Vec<String>, PackError> {
    let found = labels.len();
    let skipped = usize::try_from(offset).unwrap_or(0);
    let added = usize::try_from(offset.checked_neg().unwrap_or(0)).unwrap_or(0);
    let first = std::iter::repeat_n(background.to_owned(), added.min(classes));
    let fitted: Vec<String> = first.chain(labels.iter().skip(skipped).cloned()).collect();
    if fitted.len() == classes {
        return Ok(fitted);
    }
    let advice = match (found.checked_sub(classes), classes.checked_sub(found)) {
        _ if offset != 0 => format!(" (with --offset {offset} it would be {})", fitted.len()),
        (Some(1), _) => {
            let first = labels.first().map_or("", String::as_str);
            format!(
                ": the first label, {first:?}, may stand for a background that the model has not: --offset 1 leaves it out"
            )
        }
        (_, Some(1)) => {
            ": the model's first class may be a background without a label: --offset=-1 gives it one"
                .to_owned()
        }
        _ => String::new(),
    };
    Err(PackError::Labels(format!("{from} has {found} labels, the model {classes} classes{advice}")))
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

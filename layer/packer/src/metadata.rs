//! TensorFlow Lite's metadata: what a model says of itself, in a flatbuffer of its own, with files appended to the model as a
//! zip. Field numbers are those of metadata_schema.fbs.

use flatbuffer::{Buffer, Table};
use packed::Normalization;

use crate::archive::Archive;
use crate::labels;
use crate::tflite::{Damage, tables, text};

const IDENTIFIER: [u8; 4] = *b"M001";
/// Of the union `ProcessUnitOptions`.
const NORMALIZATION: u8 = 1;
const SCORE_THRESHOLDING: u8 = 3;
/// Of `AssociatedFileType`.
const LABELS: [u8; 2] = [2, 3];

/// What a model's metadata says.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) name: Option<String>,
    pub(crate) normalization: Option<Normalization>,
    pub(crate) threshold: Option<f64>,
    /// The labels of each output: name of the file, English, Chinese.
    pub(crate) labels: Vec<OutputLabels>,
}

/// The labels of one output.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputLabels {
    pub(crate) file: String,
    pub(crate) english: Vec<String>,
    pub(crate) chinese: Vec<String>,
}

/// Outputs whose metadata is read: each may have files that unpack to megabytes.
const MAX_OUTPUTS: usize = 16;

/// Files of an output: labels, in some languages.
const MAX_FILES: usize = 16;

impl Metadata {
    /// What `metadata`, a part of `model`, says.
    pub(crate) fn read(metadata: &[u8], model: &[u8]) -> Result<Self, Damage> {
        let buffer = Buffer::new(metadata);
        if buffer.identifier() != Some(IDENTIFIER) {
            return Err(Damage::Model("its metadata is of another kind"));
        }
        let root = buffer.root()?;
        let name = Some(text(root, 0)?).filter(|name| !name.trim().is_empty());
        let mut read = Self { name, ..Self::default() };
        let Some(graph) = tables(root.tables(3)?)?.first().copied() else { return Ok(read) };
        if let Some(input) = tables(graph.tables(2)?)?.first() {
            read.normalization = normalization(*input)?;
        }
        let mut archive = Archive::read(model).ok();
        let outputs = tables(graph.tables(3)?)?;
        if outputs.len() > MAX_OUTPUTS {
            return Err(Damage::Model("its metadata has more outputs than any model for pictures"));
        }
        for output in outputs {
            read.threshold = read.threshold.or(threshold(output)?);
            read.labels.push(output_labels(output, archive.as_mut())?);
        }
        Ok(read)
    }
}

fn normalization(tensor: Table<'_>) -> Result<Option<Normalization>, Damage> {
    for unit in tables(tensor.tables(4)?)? {
        if unit.number::<u8>(0)? == Some(NORMALIZATION)
            && let Some(options) = unit.table(1)?
        {
            return Ok(three(options, 0)?
                .zip(three(options, 1)?)
                .map(|(mean, std)| Normalization { mean, std }));
        }
    }
    Ok(None)
}

fn threshold(tensor: Table<'_>) -> Result<Option<f64>, Damage> {
    for unit in tables(tensor.tables(4)?)? {
        if unit.number::<u8>(0)? == Some(SCORE_THRESHOLDING)
            && let Some(options) = unit.table(1)?
        {
            // By way of its digits: 0.2 stays 0.2.
            let threshold = options.number::<f32>(0)?.filter(|threshold| *threshold > 0.0);
            return Ok(threshold.and_then(|threshold| threshold.to_string().parse().ok()));
        }
    }
    Ok(None)
}

/// One number for all channels, or one for each.
fn three(options: Table<'_>, field: usize) -> Result<Option<[f32; 3]>, Damage> {
    let numbers = options.numbers::<f32>(field)?;
    if numbers.len() > 3 {
        return Ok(None);
    }
    let numbers: Vec<f32> = numbers.iter_numbers().collect::<Result<_, _>>()?;
    Ok(match numbers[..] {
        [one] => Some([one; 3]),
        [red, green, blue] => Some([red, green, blue]),
        _ => None,
    })
}

fn output_labels(tensor: Table<'_>, archive: Option<&mut Archive<'_>>) -> Result<OutputLabels, Damage> {
    let Some(archive) = archive else { return Ok(OutputLabels::default()) };
    let mut labels = OutputLabels::default();
    let files = tables(tensor.tables(6)?)?;
    if files.len() > MAX_FILES {
        return Err(Damage::Model("an output has more files than any model for pictures"));
    }
    for file in files {
        if !LABELS.contains(&file.number::<u8>(2)?.unwrap_or(0)) {
            continue;
        }
        let (name, locale) = (text(file, 0)?, text(file, 3)?);
        let Ok(list) = archive.file_within(&name, labels::MAX_BYTES).and_then(|bytes| labels::read(&bytes))
        else {
            continue;
        };
        if locale.to_lowercase().starts_with("zh") {
            labels.chinese = list;
        } else if labels.english.is_empty() || locale.to_lowercase().starts_with("en") {
            (labels.english, labels.file) = (list, name);
        }
    }
    Ok(labels)
}

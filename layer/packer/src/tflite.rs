//! The tensors and operators of a .tflite file, as far as they tell what the model is. Field numbers are those of TensorFlow
//! Lite's flatbuffer schema, version 3 (schema.fbs).

use flatbuffer::{Buffer, Number, Outside, Table, Vector};
use thiserror::Error;

/// More than any model for pictures has.
const MAX_TENSORS: usize = 16_384;

/// Sides of a tensor: TensorFlow Lite has up to 8.
const MAX_SIDES: usize = 64;

/// Bytes of a name that are kept. All tensors may share one, which each has for itself here.
const MAX_NAME_BYTES: usize = 4096;

/// Numbers of operators (`BuiltinOperator`).
pub(crate) mod operator {
    pub(crate) const ADD: i32 = 0;
    pub(crate) const DEQUANTIZE: i32 = 6;
    pub(crate) const LOGISTIC: i32 = 14;
    pub(crate) const MUL: i32 = 18;
    pub(crate) const RESHAPE: i32 = 22;
    pub(crate) const SOFTMAX: i32 = 25;
    pub(crate) const CUSTOM: i32 = 32;
    pub(crate) const SUB: i32 = 41;
    pub(crate) const DIV: i32 = 42;
    pub(crate) const SQUEEZE: i32 = 43;
    pub(crate) const CAST: i32 = 53;
    pub(crate) const QUANTIZE: i32 = 114;
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub(crate) enum Damage {
    #[error("it is no TensorFlow Lite model")]
    Identifier,
    #[error(transparent)]
    Outside(#[from] Outside),
    #[error("{0}")]
    Model(&'static str),
}

/// A model, as far as it says what it takes and gives.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) inputs: Vec<usize>,
    pub(crate) outputs: Vec<usize>,
    pub(crate) steps: Vec<Step>,
    /// Names that signatures give to tensors.
    pub(crate) signature_names: Vec<(String, usize)>,
    /// The flatbuffer of TensorFlow Lite's metadata, if there is one.
    pub(crate) metadata: Option<&'a [u8]>,
    /// Graphs besides the first one.
    pub(crate) other_graphs: usize,
}

/// A tensor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<i32>,
    /// The shape with -1 for open sides; empty where all are fixed.
    pub(crate) signature: Vec<i32>,
    pub(crate) element: u8,
    /// Scale and zero point, where the whole tensor has one.
    pub(crate) quantization: Option<(f32, i64)>,
    pub(crate) is_constant: bool,
}

impl Tensor {
    pub(crate) const FLOAT32: u8 = 0;
    pub(crate) const UINT8: u8 = 3;
    pub(crate) const INT8: u8 = 9;

    /// Type and shape for messages, such as `float32 [1, 224, 224, 3]`.
    pub(crate) fn kind(&self) -> String {
        let shape = if self.signature.is_empty() { &self.shape } else { &self.signature };
        format!("{} {shape:?}", element_name(self.element))
    }
}

/// `TensorType`.
fn element_name(element: u8) -> String {
    let names = [
        "float32",
        "float16",
        "int32",
        "uint8",
        "int64",
        "text",
        "bool",
        "int16",
        "complex64",
        "int8",
        "float64",
        "complex128",
        "uint64",
        "resource",
        "variant",
        "uint32",
        "uint16",
        "int4",
        "bfloat16",
    ];
    names.get(usize::from(element)).map_or_else(|| format!("type {element}"), |name| (*name).to_owned())
}

/// A use of an operator.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) operator: i32,
    /// The name of an operator that is not built in.
    pub(crate) custom: Option<String>,
    pub(crate) inputs: Vec<usize>,
    pub(crate) outputs: Vec<usize>,
}

impl<'a> Graph<'a> {
    /// Reads a model of which nothing is known.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        let buffer = Buffer::new(bytes);
        if buffer.identifier() != Some(*b"TFL3") {
            return Err(Damage::Identifier);
        }
        let model = buffer.root()?;
        let data: Vec<&'a [u8]> = tables(model.tables(4)?)?
            .into_iter()
            .map(|buffer| Ok(buffer.numbers::<u8>(0)?.as_bytes()))
            .collect::<Result<_, Damage>>()?;
        let graphs = tables(model.tables(2)?)?;
        let graph = *graphs.first().ok_or(Damage::Model("it has no graph"))?;
        let operators = operators(model)?;
        let tensors: Vec<Tensor> = tables(graph.tables(0)?)?
            .into_iter()
            .map(|tensor| Tensor::read(tensor, &data))
            .collect::<Result<_, _>>()?;
        let steps: Vec<Step> = tables(graph.tables(3)?)?
            .into_iter()
            .map(|step| Step::read(step, &operators))
            .collect::<Result<_, _>>()?;
        let [inputs, outputs] = [indices(graph.numbers::<i32>(1)?)?, indices(graph.numbers::<i32>(2)?)?];
        if inputs.iter().chain(&outputs).any(|tensor| *tensor >= tensors.len()) {
            return Err(Damage::Model("it lacks an input or output that it names"));
        }
        let signature_names = signature_names(model)?;
        let metadata = metadata(model, &data)?;
        Ok(Self {
            tensors,
            inputs,
            outputs,
            steps,
            signature_names,
            metadata,
            other_graphs: graphs.len() - 1,
        })
    }

    pub(crate) fn tensor(&self, index: usize) -> &Tensor {
        const NONE: &Tensor = &Tensor {
            name: String::new(),
            shape: Vec::new(),
            signature: Vec::new(),
            element: u8::MAX,
            quantization: None,
            is_constant: false,
        };
        self.tensors.get(index).unwrap_or(NONE)
    }

    /// The first step that reads a tensor.
    pub(crate) fn reader(&self, tensor: usize) -> Option<&Step> {
        self.steps.iter().find(|step| step.inputs.contains(&tensor))
    }

    /// The step that writes a tensor.
    pub(crate) fn writer(&self, tensor: usize) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.outputs.contains(&tensor))
    }

    /// Names of a tensor, for messages and to choose it by.
    pub(crate) fn has_name(&self, tensor: usize, name: &str) -> bool {
        self.tensor(tensor).name == name
            || self.signature_names.iter().any(|(known, index)| *index == tensor && known == name)
    }
}

impl Tensor {
    fn read(tensor: Table<'_>, data: &[&[u8]]) -> Result<Self, Damage> {
        let quantization = match tensor.table(4)? {
            Some(quantization) => {
                let scale: Option<f32> = only(quantization, 2)?;
                scale.zip(only::<i64>(quantization, 3)?.or(Some(0)))
            }
            None => None,
        };
        let buffer = tensor.number::<u32>(2)?.unwrap_or(0) as usize;
        Ok(Self {
            name: text(tensor, 3)?,
            shape: numbers(tensor, 0)?,
            signature: numbers(tensor, 7)?,
            element: tensor.number(1)?.unwrap_or(0),
            quantization,
            is_constant: data.get(buffer).is_some_and(|data| !data.is_empty()),
        })
    }
}

impl Step {
    fn read(step: Table<'_>, operators: &[(i32, Option<String>)]) -> Result<Self, Damage> {
        let index = step.number::<u32>(0)?.unwrap_or(0) as usize;
        let (operator, custom) =
            operators.get(index).cloned().ok_or(Damage::Model("a step has no operator"))?;
        Ok(Self {
            operator,
            custom,
            inputs: indices(step.numbers::<i32>(1)?)?,
            outputs: indices(step.numbers::<i32>(2)?)?,
        })
    }
}

fn operators(model: Table<'_>) -> Result<Vec<(i32, Option<String>)>, Damage> {
    tables(model.tables(1)?)?
        .into_iter()
        .map(|code| {
            let old = i32::from(code.number::<i8>(0)?.unwrap_or(0));
            let number = old.max(code.number::<i32>(3)?.unwrap_or(0));
            let custom = (number == operator::CUSTOM).then(|| text(code, 1)).transpose()?;
            Ok((number, custom))
        })
        .collect()
}

fn signature_names(model: Table<'_>) -> Result<Vec<(String, usize)>, Damage> {
    let mut names = Vec::new();
    for signature in tables(model.tables(7)?)? {
        for field in [0, 1] {
            for entry in tables(signature.tables(field)?)? {
                names.push((text(entry, 0)?, entry.number::<u32>(1)?.unwrap_or(0) as usize));
            }
        }
    }
    Ok(names)
}

fn metadata<'a>(model: Table<'_>, data: &[&'a [u8]]) -> Result<Option<&'a [u8]>, Damage> {
    for entry in tables(model.tables(6)?)? {
        if text(entry, 0)? == "TFLITE_METADATA" {
            let buffer = entry.number::<u32>(1)?.unwrap_or(0) as usize;
            return Ok(data.get(buffer).copied().filter(|data| !data.is_empty()));
        }
    }
    Ok(None)
}

pub(crate) fn tables(vector: Vector<'_>) -> Result<Vec<Table<'_>>, Damage> {
    if vector.len() > 2 * MAX_TENSORS {
        return Err(Damage::Model("it has more parts than any model for pictures"));
    }
    Ok(vector.iter_tables().collect::<Result<_, _>>()?)
}

/// A text, cut off where it is longer than any name.
pub(crate) fn text(table: Table<'_>, field: usize) -> Result<String, Outside> {
    let bytes = table.numbers::<u8>(field)?.as_bytes();
    Ok(String::from_utf8_lossy(bytes.get(..MAX_NAME_BYTES).unwrap_or(bytes)).into_owned())
}

fn numbers(table: Table<'_>, field: usize) -> Result<Vec<i32>, Damage> {
    let numbers = table.numbers::<i32>(field)?;
    if numbers.len() > MAX_SIDES {
        return Err(Damage::Model("a tensor has more sides than there are"));
    }
    Ok(numbers.iter_numbers::<i32>().collect::<Result<_, _>>()?)
}

/// Numbers of tensors; those that are left out (-1) are skipped.
fn indices(vector: Vector<'_>) -> Result<Vec<usize>, Damage> {
    if vector.len() > MAX_TENSORS {
        return Err(Damage::Model("a step has more operands than there are tensors"));
    }
    let indices: Vec<i32> = vector.iter_numbers::<i32>().collect::<Result<_, _>>()?;
    Ok(indices.into_iter().filter_map(|index| usize::try_from(index).ok()).collect())
}

/// The number in a vector of one.
fn only<N: Number>(table: Table<'_>, field: usize) -> Result<Option<N>, Outside> {
    let vector = table.numbers::<N>(field)?;
    if vector.len() == 1 { vector.iter_numbers().next().transpose() } else { Ok(None) }
}

//! Reads from a .tflite file the few facts that the build needs: name, shape, type and quantisation of the first input and
//! output. Field numbers are those of TensorFlow Lite's flatbuffer schema, version 3 (schema.fbs).

use std::error::Error;

use flatbuffer::{Buffer, Number, Table, Vector};

/// The first input and the first output of a model.
#[derive(Debug)]
pub(crate) struct Tensors {
    pub(crate) input: Tensor,
    pub(crate) output: Tensor,
}

#[derive(Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<i32>,
    pub(crate) element: u8,
    pub(crate) scale: f32,
    pub(crate) zero_point: i64,
}

impl Tensor {
    /// `TensorType.UINT8`.
    pub(crate) const UINT8: u8 = 3;
}

impl Tensors {
    /// Reads them, or says what is wrong with the file.
    pub(crate) fn read(model: &[u8]) -> Result<Self, Box<dyn Error>> {
        let buffer = Buffer::new(model);
        if buffer.identifier() != Some(*b"TFL3") {
            return Err("it is no TensorFlow Lite model".into());
        }
        let graph = buffer.root()?.tables(2)?.iter_tables().next().ok_or("it has no graph")??;
        let tensors = graph.tables(0)?;
        Ok(Self { input: Tensor::first(graph, tensors, 1)?, output: Tensor::first(graph, tensors, 2)? })
    }
}

impl Tensor {
    /// The first of the tensors whose indices stand in field `ends` of the graph.
    fn first(graph: Table<'_>, tensors: Vector<'_>, ends: usize) -> Result<Self, Box<dyn Error>> {
        let index = usize::try_from(first::<i32>(graph, ends)?.ok_or("it has no input or output")?)?;
        let tensor =
            tensors.iter_tables().nth(index).ok_or("it lacks an input or output that it names")??;
        let no_scale = "its input or output has no fixed quantisation";
        let quantization = tensor.table(4)?.ok_or(no_scale)?;
        Ok(Self {
            name: String::from_utf8(tensor.numbers::<u8>(3)?.as_bytes().to_vec())?,
            shape: tensor.numbers::<i32>(0)?.iter_numbers().collect::<Result<_, _>>()?,
            element: tensor.number(1)?.unwrap_or(0),
            scale: first(quantization, 2)?.ok_or(no_scale)?,
            zero_point: first(quantization, 3)?.ok_or(no_scale)?,
        })
    }
}

/// The first of the numbers in field `number`.
fn first<N: Number>(table: Table<'_>, number: usize) -> Result<Option<N>, flatbuffer::Outside> {
    table.numbers::<N>(number)?.iter_numbers().next().transpose()
}

//! Writes the model as TensorFlow Lite's flatbuffer (`schema.fbs`, version 3; field numbers are those of its tables).

use std::collections::HashMap;

use super::Model;
use super::flatbuffer::{Data, Item, write};
use super::operator::{Activation, Operator, Options, Scalar};
use crate::element_type::ElementType;
use crate::error::{GraphError, no_elements, too_large};
use crate::limits::{MAX_MODEL_BYTES, MAX_TENSOR_BYTES};
use crate::shape::byte_size;

/// A model that was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// Its inputs: which of those that were made are read.
    pub(crate) inputs: Vec<usize>,
}

/// Schema version.
const VERSION: i32 = 3;
/// Bytes that a tensor or an operator takes beside its data, more or less.
const STRUCTURE_BYTES: usize = 160;

/// Tensors, data and operators of the file, as far as they are numbered.
struct Draft<'m, 'g> {
    model: &'m Model<'g>,
    numbers: HashMap<usize, i32>,
    tensors: Vec<Item<'m, 'g>>,
    buffers: Vec<Item<'m, 'g>>,
    codes: Vec<i32>,
    operators: Vec<Item<'m, 'g>>,
    bytes: usize,
    /// Bytes of the tensors that are computed.
    computed: usize,
    /// Which of its tensors are inputs and outputs, in order.
    ends: Ends<'m>,
}

/// The model's tensors that its caller sets and reads.
#[derive(Clone, Copy)]
struct Ends<'m> {
    inputs: &'m [usize],
    outputs: &'m [usize],
}

impl Ends<'_> {
    /// What a tensor is called: `i0` is the first input that was made, `o0` the first output.
    fn name(self, tensor: usize, number: usize) -> String {
        let place = |ends: &[usize]| ends.iter().position(|&end| end == tensor);
        match (place(self.inputs), place(self.outputs)) {
            (Some(input), _) => format!("i{input}"),
            (_, Some(output)) => format!("o{output}"),
            _ => format!("t{number}"),
        }
    }
}

impl Model<'_> {
    /// Writes what `outputs` need.
    pub(crate) fn write(&self, outputs: &[usize]) -> Result<Written, GraphError> {
        let live = self.live(outputs);
        let mut draft = Draft {
            model: self,
            numbers: HashMap::new(),
            tensors: Vec::new(),
            // The first one is what tensors without data have.
            buffers: vec![Item::Table(Vec::new())],
            codes: Vec::new(),
            operators: Vec::new(),
            bytes: 0,
            computed: 0,
            ends: Ends { inputs: &self.inputs, outputs },
        };
        let is_read = |tensor: usize| live.iter().any(|operator| operator.inputs.contains(&tensor));
        let inputs: Vec<usize> = self
            .inputs
            .iter()
            .enumerate()
            .filter(|(_, tensor)| is_read(**tensor))
            .map(|(number, _)| number)
            .collect();
        let mut input_tensors = Vec::new();
        for input in inputs.iter().filter_map(|&number| self.inputs.get(number)) {
            input_tensors.push(draft.tensor(*input)?);
        }
        for operator in &live {
            draft.operator(operator)?;
        }
        let output_tensors = outputs.iter().map(|&output| draft.tensor(output)).collect::<Result<_, _>>()?;
        Ok(Written { bytes: draft.write(input_tensors, output_tensors), inputs })
    }

    /// The operators that the outputs need, in their order.
    fn live(&self, outputs: &[usize]) -> Vec<&Operator<'_>> {
        let mut is_needed = vec![false; self.tensors.len()];
        let need = |tensors: &[usize], is_needed: &mut [bool]| {
            for tensor in tensors {
                if let Some(is_needed) = is_needed.get_mut(*tensor) {
                    *is_needed = true;
                }
            }
        };
        need(outputs, &mut is_needed);
        let mut live = Vec::new();
        for operator in self.operators.iter().rev() {
            if operator.outputs.iter().any(|output| is_needed.get(*output) == Some(&true)) {
                need(&operator.inputs, &mut is_needed);
                live.push(operator);
            }
        }
        live.reverse();
        live
    }
}

impl<'m, 'g> Draft<'m, 'g> {
    /// The number of a tensor in the file.
    fn tensor(&mut self, tensor: usize) -> Result<i32, GraphError> {
        if let Some(number) = self.numbers.get(&tensor) {
            return Ok(*number);
        }
        let model = self.model;
        let (element_type, shape) = model.kind(tensor)?;
        let data = model.tensors.get(tensor).and_then(|tensor| tensor.data.as_ref());
        let name = self.ends.name(tensor, self.tensors.len());
        let number = self.new_tensor(name, element_type, shape, data.map(Data::Constant))?;
        self.numbers.insert(tensor, number);
        Ok(number)
    }

    fn new_tensor(
        &mut self,
        name: String,
        element_type: ElementType,
        shape: &[usize],
        data: Option<Data<'m, 'g>>,
    ) -> Result<i32, GraphError> {
        // TensorFlow Lite has none, and the verifier refuses them.
        if shape.contains(&0) {
            return Err(no_elements(&name, shape));
        }
        let sides = shape.iter().map(|&side| i32::try_from(side).unwrap_or(i32::MAX)).collect();
        let number = self.tensors.len();
        let mut fields =
            vec![(0, Item::Ints(sides)), (1, Item::Byte(element_type.tflite())), (3, Item::Text(name))];
        self.bytes += STRUCTURE_BYTES;
        if data.is_none() {
            self.computed = self.computed.saturating_add(byte_size(shape, element_type)?);
        }
        if self.computed > MAX_TENSOR_BYTES {
            return Err(too_large("bytes of all tensors", self.computed, MAX_TENSOR_BYTES));
        }
        if let Some(data) = data {
            self.bytes += data.bytes();
            fields.push((2, int(self.buffers.len())));
            self.buffers.push(Item::Table(vec![(0, Item::Data(data))]));
        }
        if self.bytes > MAX_MODEL_BYTES {
            return Err(too_large("bytes of the converted model", self.bytes, MAX_MODEL_BYTES));
        }
        self.tensors.push(Item::Table(fields));
        Ok(i32::try_from(number).unwrap_or(i32::MAX))
    }

    fn operator(&mut self, operator: &'m Operator<'g>) -> Result<(), GraphError> {
        let mut inputs: Vec<i32> =
            operator.inputs.iter().map(|&input| self.tensor(input)).collect::<Result<_, _>>()?;
        if let Some(linear) = &operator.linear {
            let weights = Some(Data::Weights(linear));
            let name = format!("t{}", self.tensors.len());
            inputs.push(self.new_tensor(name, ElementType::F32, &linear.shape, weights)?);
            let bias = Data::Floats(linear.bias());
            let name = format!("t{}", self.tensors.len());
            inputs.push(self.new_tensor(name, ElementType::F32, &[linear.outputs], Some(bias))?);
        }
        let outputs = operator.outputs.iter().map(|&output| self.tensor(output)).collect::<Result<_, _>>()?;
        let code = self.codes.iter().position(|&code| code == operator.code).unwrap_or_else(|| {
            self.codes.push(operator.code);
            self.codes.len() - 1
        });
        let mut fields = vec![(0, int(code)), (1, Item::Ints(inputs)), (2, Item::Ints(outputs))];
        let options = options(operator);
        if options.kind != 0 {
            fields.push((3, Item::Byte(options.kind)));
            fields.push((4, table(&options)));
        }
        self.bytes += STRUCTURE_BYTES;
        self.operators.push(Item::Table(fields));
        Ok(())
    }

    fn write(self, inputs: Vec<i32>, outputs: Vec<i32>) -> Vec<u8> {
        let codes = self.codes.iter().map(|&code| {
            // Numbers that don't fit the older field stand in the newer one only.
            let old = u8::try_from(code).ok().filter(|&code| code < 127).unwrap_or(127);
            Item::Table(vec![(0, Item::Byte(old)), (2, Item::Int(1)), (3, Item::Int(code))])
        });
        let graph = Item::Table(vec![
            (0, Item::Tables(self.tensors)),
            (1, Item::Ints(inputs)),
            (2, Item::Ints(outputs)),
            (3, Item::Tables(self.operators)),
        ]);
        let root = Item::Table(vec![
            (0, Item::Int(VERSION)),
            (1, Item::Tables(codes.collect())),
            (2, Item::Tables(vec![graph])),
            (4, Item::Tables(self.buffers)),
        ]);
        // Data is aligned; little is wasted.
        let capacity = self.bytes + self.bytes / 64;
        write(&root, *b"TFL3", capacity)
    }
}

fn options(operator: &Operator<'_>) -> Options {
    let mut options = match operator.window {
        Some(window) => Options::of_window(operator.code, window),
        // FullyConnectedOptions
        None if operator.linear.is_some() => Options::of(8),
        None => operator.options.clone(),
    };
    if let Some(field) = operator.activation_field().filter(|_| operator.activation != Activation::None) {
        options = options.with(field, Scalar::Byte(operator.activation as u8));
    }
    options
}

fn table<'m, 'g>(options: &Options) -> Item<'m, 'g> {
    let field = |(number, value): &(u16, Scalar)| {
        let item = match *value {
            Scalar::Byte(byte) => Item::Byte(byte),
            Scalar::Int(number) => Item::Int(number),
            Scalar::Float(number) => Item::Float(number),
        };
        (*number, item)
    };
    Item::Table(options.fields.iter().map(field).collect())
}

fn int<'m, 'g>(number: usize) -> Item<'m, 'g> {
    Item::Int(i32::try_from(number).unwrap_or(i32::MAX))
}

//! The TensorFlow Lite model that a graph becomes: tensors and operators, until they are written.

mod flatbuffer;
mod fuse;
mod linear;
mod operator;
mod write;

pub(crate) use linear::{Layout, Linear};
pub(crate) use operator::{Activation, Operator, Options, Padding, Scalar, Window, code};

use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{GraphError, no_elements, too_large};
use crate::limits::{MAX_OPERATORS, MAX_PARAMETERS};
use crate::shape::byte_size;
use crate::value::Value;
use crate::wire::damage;

/// A model in the making.
#[derive(Debug, Default)]
pub(crate) struct Model<'g> {
    tensors: Vec<Tensor<'g>>,
    operators: Vec<Operator<'g>>,
    inputs: Vec<usize>,
}

/// A tensor of the model.
#[derive(Debug)]
struct Tensor<'g> {
    element_type: ElementType,
    shape: Vec<usize>,
    /// Its values, where they are known.
    data: Option<Constant<'g>>,
    /// The operator that writes it.
    producer: Option<usize>,
}

impl<'g> Model<'g> {
    /// A tensor that the caller sets.
    pub(crate) fn input(
        &mut self,
        element_type: ElementType,
        shape: Vec<usize>,
    ) -> Result<usize, GraphError> {
        let tensor = self.tensor(element_type, shape)?;
        self.inputs.push(tensor);
        Ok(tensor)
    }

    /// The tensor to read an output from: a model's input is none, so it is copied.
    pub(crate) fn output(&mut self, tensor: usize) -> Result<usize, GraphError> {
        if !self.inputs.contains(&tensor) {
            return Ok(tensor);
        }
        let (element_type, shape) = self.kind(tensor)?;
        let shape = shape.to_vec();
        let sides: Vec<i32> = shape.iter().map(|&side| i32::try_from(side).unwrap_or(i32::MAX)).collect();
        let sides = self.constant(Constant::of_integers(&sides));
        self.add(code::RESHAPE, vec![tensor, sides], Options::of(17), element_type, shape)
    }

    /// Type and shape of a tensor.
    pub(crate) fn kind(&self, tensor: usize) -> Result<(ElementType, &[usize]), GraphError> {
        let tensor = self.tensors.get(tensor).ok_or_else(|| damage("a tensor is missing"))?;
        Ok((tensor.element_type, &tensor.shape))
    }

    /// The tensor of a value.
    pub(crate) fn place(&mut self, value: &Value<'g>) -> usize {
        match value {
            Value::Computed { tensor, .. } => *tensor,
            Value::Constant(constant) => self.constant(constant.clone()),
        }
    }

    /// A tensor of these values.
    pub(crate) fn constant(&mut self, constant: Constant<'g>) -> usize {
        let (element_type, shape) = (constant.element_type, constant.shape.clone());
        self.tensors.push(Tensor { element_type, shape, data: Some(constant), producer: None });
        self.tensors.len() - 1
    }

    /// Adds an operator with one output; returns that.
    pub(crate) fn add(
        &mut self,
        code: i32,
        inputs: Vec<usize>,
        options: Options,
        element_type: ElementType,
        shape: Vec<usize>,
    ) -> Result<usize, GraphError> {
        let output = self.tensor(element_type, shape)?;
        self.push(Operator::new(code, inputs, vec![output], options))?;
        Ok(output)
    }

    /// Adds an operator with an output of each of these shapes; returns those.
    pub(crate) fn add_many(
        &mut self,
        code: i32,
        inputs: Vec<usize>,
        options: Options,
        element_type: ElementType,
        shapes: Vec<Vec<usize>>,
    ) -> Result<Vec<usize>, GraphError> {
        let outputs: Vec<usize> =
            shapes.into_iter().map(|shape| self.tensor(element_type, shape)).collect::<Result<_, _>>()?;
        self.push(Operator::new(code, inputs, outputs.clone(), options))?;
        Ok(outputs)
    }

    /// Adds a convolution or a product with a matrix.
    pub(crate) fn add_linear(
        &mut self,
        code: i32,
        input: usize,
        linear: Linear<'g>,
        window: Option<Window>,
        shape: Vec<usize>,
    ) -> Result<usize, GraphError> {
        let output = self.tensor(ElementType::F32, shape)?;
        let mut operator = Operator::new(code, vec![input], vec![output], Options::none());
        operator.linear = Some(linear);
        operator.window = window;
        self.push(operator)?;
        Ok(output)
    }

    fn tensor(&mut self, element_type: ElementType, shape: Vec<usize>) -> Result<usize, GraphError> {
        if byte_size(&shape, element_type)? == 0 {
            return Err(no_elements("", &shape));
        }
        self.tensors.push(Tensor { element_type, shape, data: None, producer: None });
        Ok(self.tensors.len() - 1)
    }

    fn push(&mut self, operator: Operator<'g>) -> Result<(), GraphError> {
        if self.operators.len() >= MAX_OPERATORS {
            return Err(too_large("operators of a model", MAX_OPERATORS + 1, MAX_OPERATORS));
        }
        let operands = operator.inputs.len().max(operator.outputs.len());
        if operands > MAX_PARAMETERS {
            return Err(too_large("inputs or outputs of an operation", operands, MAX_PARAMETERS));
        }
        for output in &operator.outputs {
            if let Some(tensor) = self.tensors.get_mut(*output) {
                tensor.producer = Some(self.operators.len());
            }
        }
        self.operators.push(operator);
        Ok(())
    }

    fn producer(&self, tensor: usize) -> Option<&Operator<'g>> {
        self.operators.get(self.tensors.get(tensor)?.producer?)
    }

    fn producer_mut(&mut self, tensor: usize) -> Option<&mut Operator<'g>> {
        self.operators.get_mut(self.tensors.get(tensor)?.producer?)
    }
}

//! The operation that is being converted: its attributes, its inputs, and the model that it becomes a part of.

use crate::attributes::Attributes;
use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::limits::MAX_PARAMETERS;
use crate::model::{Model, Options};
use crate::value::{Operand, Value};

/// An operation and what it is converted with.
#[derive(Debug)]
pub(crate) struct Step<'m, 'g> {
    pub(crate) attributes: Attributes<'g>,
    pub(crate) operands: Vec<Operand<'g>>,
    pub(crate) model: &'m mut Model<'g>,
}

impl<'g> Step<'_, 'g> {
    pub(crate) fn operand(&self, place: usize) -> Result<&Operand<'g>, Fault> {
        match self.operands.get(place) {
            Some(operand) => Ok(operand),
            None => invalid(format!("it has {} inputs", self.operands.len())),
        }
    }

    pub(crate) fn value(&self, place: usize) -> Result<Value<'g>, Fault> {
        Ok(self.operand(place)?.value.clone())
    }

    /// The values of an input, if they are known.
    pub(crate) fn constant(&self, place: usize) -> Option<&Constant<'g>> {
        match &self.operands.get(place)?.value {
            Value::Constant(constant) => Some(constant),
            Value::Computed { .. } => None,
        }
    }

    /// Whether nothing else will ever read the input.
    pub(crate) fn is_exclusive(&self, place: usize) -> bool {
        self.operands.get(place).is_some_and(|operand| operand.is_exclusive)
    }

    pub(crate) fn element_type(&self, place: usize) -> Result<ElementType, Fault> {
        match &self.operand(place)?.value {
            Value::Constant(constant) => Ok(constant.element_type),
            Value::Computed { tensor, .. } => Ok(self.model.kind(*tensor)?.0),
        }
    }

    pub(crate) fn shape(&self, place: usize) -> Result<Vec<usize>, Fault> {
        match &self.operand(place)?.value {
            Value::Constant(constant) => Ok(constant.shape.clone()),
            Value::Computed { tensor, .. } => Ok(self.model.kind(*tensor)?.1.to_vec()),
        }
    }

    /// The shape of an input of four dimensions: batch, height, width, channels.
    pub(crate) fn picture(&self, place: usize) -> Result<[usize; 4], Fault> {
        let shape = self.shape(place)?;
        match shape.as_slice().try_into() {
            Ok(shape) => Ok(shape),
            Err(_) => unsupported(format!("its input has the shape {shape:?}, accepted are four dimensions")),
        }
    }

    /// The integers of an input that says how, not what: a shape, axes, paddings.
    pub(crate) fn integers(&self, place: usize) -> Result<Vec<i64>, Fault> {
        let Some(constant) = self.constant(place) else {
            self.operand(place)?;
            return unsupported(format!("input {place} depends on the values of others"));
        };
        if constant.len() > MAX_PARAMETERS {
            return unsupported(format!("input {place} has {} numbers", constant.len()));
        }
        match constant.integers() {
            Some(integers) => Ok(integers),
            None => invalid(format!("input {place} is {}, accepted are integers", constant.element_type)),
        }
    }

    /// The single integer of an input.
    pub(crate) fn integer(&self, place: usize) -> Result<i64, Fault> {
        match self.integers(place)?.as_slice() {
            [integer] => Ok(*integer),
            several => invalid(format!("input {place} has {} numbers, accepted is one", several.len())),
        }
    }

    /// The tensor of an input.
    pub(crate) fn tensor(&mut self, place: usize) -> Result<usize, Fault> {
        let value = self.value(place)?;
        Ok(self.model.place(&value))
    }

    /// A tensor of integers, such as axes or a shape.
    pub(crate) fn sizes(&mut self, sizes: &[usize]) -> usize {
        let sizes: Vec<i32> = sizes.iter().map(|&size| i32::try_from(size).unwrap_or(i32::MAX)).collect();
        self.model.constant(Constant::of_integers(&sizes))
    }

    /// The tensor of an input that must be 32-bit floats, as nearly all kernels are for those.
    pub(crate) fn floats(&mut self, place: usize) -> Result<usize, Fault> {
        match self.element_type(place)? {
            ElementType::F32 => self.tensor(place),
            other => unsupported(format!("its elements are {other}, accepted are float32")),
        }
    }

    /// Refuses pictures whose channels come before height and width.
    pub(crate) fn channels_last(&self) -> Result<(), Fault> {
        match self.attributes.text("data_format", "NHWC")? {
            "NHWC" => Ok(()),
            other => unsupported(format!("its data format is {other}, accepted is NHWC (channels last)")),
        }
    }

    /// Adds an operator that reads `inputs`; its one output is the operation's.
    pub(crate) fn add(
        &mut self,
        code: i32,
        inputs: Vec<usize>,
        options: Options,
        element_type: ElementType,
        shape: Vec<usize>,
    ) -> Result<Vec<Value<'g>>, Fault> {
        let output = self.model.add(code, inputs, options, element_type, shape)?;
        Ok(vec![Value::computed(output)])
    }
}

/// The attribute `name` as height and width of a window; batch and channels must be 1.
pub(super) fn window(numbers: Option<Vec<i64>>, name: &str) -> Result<[usize; 2], Fault> {
    let numbers = numbers.unwrap_or_else(|| vec![1; 4]);
    match *numbers {
        [1, height, width, 1] => match (usize::try_from(height), usize::try_from(width)) {
            (Ok(height @ 1..=4096), Ok(width @ 1..=4096)) => Ok([height, width]),
            _ => invalid(format!("its {name} are {numbers:?}")),
        },
        _ => unsupported(format!("its {name} are {numbers:?}, accepted are those of height and width")),
    }
}

/// A size that a shape has.
pub(crate) fn size(number: i64, what: &str) -> Result<usize, Fault> {
    usize::try_from(number)
        .ok()
        .filter(|&size| size <= crate::limits::MAX_TENSOR_BYTES)
        .map_or_else(|| invalid(format!("{what} {number}")), Ok)
}

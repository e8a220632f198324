//! Operations on one tensor, element by element, and those that change nothing.

use super::{Lowered, Lowering, Step};
use crate::element_type::ElementType;
use crate::error::{invalid, unsupported};
use crate::model::{Activation, Options, Scalar, code};
use crate::value::Value;

/// The input, under another name.
pub(super) fn identity<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    Ok(vec![alias(step, 0)?])
}

/// The inputs, under other names.
pub(super) fn identities<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    (0..step.operands.len()).map(|place| alias(step, place)).collect()
}

/// An input as it is; remembers whether it is known under another name elsewhere.
pub(super) fn alias<'g>(step: &Step<'_, 'g>, place: usize) -> Result<Value<'g>, crate::error::Fault> {
    Ok(match step.value(place)? {
        Value::Computed { tensor, .. } => Value::Computed { tensor, is_shared: !step.is_exclusive(place) },
        constant @ Value::Constant(_) => constant,
    })
}

pub(super) fn relu<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    activation(step, Activation::Relu, code::RELU)
}

pub(super) fn relu6<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    activation(step, Activation::Relu6, code::RELU6)
}

/// Part of the operator before it, where that can be.
fn activation<'g>(step: &mut Step<'_, 'g>, activation: Activation, code: i32) -> Lowered<'g> {
    let input = step.floats(0)?;
    if step.is_exclusive(0) && step.model.activate(input, activation) {
        return Ok(vec![Value::computed(input)]);
    }
    let shape = step.shape(0)?;
    step.add(code, vec![input], Options::none(), ElementType::F32, shape)
}

pub(super) fn leaky_relu<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (input, shape) = (step.floats(0)?, step.shape(0)?);
    let alpha = step.attributes.float("alpha", 0.2)?;
    // LeakyReluOptions: alpha
    let options = Options::of(75).with(0, Scalar::Float(alpha));
    step.add(code::LEAKY_RELU, vec![input], options, ElementType::F32, shape)
}

pub(super) fn cast<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let from = step.element_type(0)?;
    let Some(to) = step.attributes.element_type("DstT")? else { return invalid("it says no type") };
    if from == to {
        return identity(step);
    }
    let is_known = |element_type| {
        matches!(
            element_type,
            ElementType::F32 | ElementType::I32 | ElementType::I64 | ElementType::U8 | ElementType::Bool
        )
    };
    if !is_known(from) || !is_known(to) {
        return unsupported(format!("it turns {from} into {to}"));
    }
    let (input, shape) = (step.tensor(0)?, step.shape(0)?);
    // CastOptions: in, out
    let options = Options::of(37).with(0, Scalar::Byte(from.tflite())).with(1, Scalar::Byte(to.tflite()));
    step.add(code::CAST, vec![input], options, to, shape)
}

/// Those that need nothing but an input.
pub(super) fn of(operation: &str) -> Option<Lowering> {
    macro_rules! lowerings {
        ($($name:literal => $code:ident),*) => {
            match operation {
                $($name => |step| floats(step, code::$code, Options::none()),)*
                "LogicalNot" => |step| of_type(step, code::LOGICAL_NOT, ElementType::Bool),
                // SoftmaxOptions: beta
                "Softmax" => |step| floats(step, code::SOFTMAX, Options::of(9).with(0, Scalar::Float(1.0))),
                "LogSoftmax" => |step| floats(step, code::LOG_SOFTMAX, Options::of(36)),
                _ => return None,
            }
        };
    }
    Some(lowerings!(
        "Abs" => ABS, "Ceil" => CEIL, "Cos" => COS, "Elu" => ELU, "Exp" => EXP, "Floor" => FLOOR, "Log" => LOG,
        "Neg" => NEG, "Rint" => ROUND, "Round" => ROUND, "Rsqrt" => RSQRT, "Sigmoid" => LOGISTIC, "Sin" => SIN,
        "Sqrt" => SQRT, "Square" => SQUARE, "Tanh" => TANH
    ))
}

fn floats<'g>(step: &mut Step<'_, 'g>, code: i32, options: Options) -> Lowered<'g> {
    let (input, shape) = (step.floats(0)?, step.shape(0)?);
    step.add(code, vec![input], options, ElementType::F32, shape)
}

fn of_type<'g>(step: &mut Step<'_, 'g>, code: i32, element_type: ElementType) -> Lowered<'g> {
    if step.element_type(0)? != element_type {
        return invalid(format!("its elements are {}, accepted are {element_type}", step.element_type(0)?));
    }
    let (input, shape) = (step.tensor(0)?, step.shape(0)?);
    step.add(code, vec![input], Options::none(), element_type, shape)
}

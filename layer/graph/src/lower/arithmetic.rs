//! Operations on two tensors, element by element, with broadcasting.

use super::unary::alias;
use super::{Lowered, Lowering, Step};
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::model::{Model, Options, code};
use crate::shape::broadcast;
use crate::value::Value;

// AddOptions, SubOptions, MulOptions and DivOptions.
const ADD_OPTIONS: u8 = 11;
const SUB_OPTIONS: u8 = 28;
const MUL_OPTIONS: u8 = 21;
const DIV_OPTIONS: u8 = 29;

pub(super) fn add<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    for (tensor, term) in [(0, 1), (1, 0)] {
        if let Some(folded) = fold(step, tensor, term, |number| number, Model::shift)? {
            return Ok(folded);
        }
    }
    binary(step, code::ADD, Options::of(ADD_OPTIONS))
}

/// Adds a value for each channel.
pub(super) fn bias_add<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    step.channels_last()?;
    let (shape, bias) = (step.shape(0)?, step.shape(1)?);
    if bias.len() != 1 || shape.last() != bias.first() {
        return invalid(format!("shape {shape:?} with a bias of shape {bias:?}"));
    }
    if let Some(folded) = fold(step, 0, 1, |number| number, Model::shift)? {
        return Ok(folded);
    }
    binary(step, code::ADD, Options::of(ADD_OPTIONS))
}

pub(super) fn sub<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    if let Some(folded) = fold(step, 0, 1, |number| -number, Model::shift)? {
        return Ok(folded);
    }
    binary(step, code::SUB, Options::of(SUB_OPTIONS))
}

pub(super) fn mul<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    for (tensor, factor) in [(0, 1), (1, 0)] {
        if let Some(folded) = fold(step, tensor, factor, |number| number, Model::scale)? {
            return Ok(folded);
        }
    }
    binary(step, code::MUL, Options::of(MUL_OPTIONS))
}

pub(super) fn div<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    if step.element_type(0)? != ElementType::F32 {
        return unsupported(format!("it divides {}, accepted are float32", step.element_type(0)?));
    }
    if let Some(folded) = fold(step, 0, 1, f32::recip, Model::scale)? {
        return Ok(folded);
    }
    binary(step, code::DIV, Options::of(DIV_OPTIONS))
}

/// Lets the operator that computes input `tensor` do it, where input `number` is known and has a number for each channel.
fn fold<'g>(
    step: &mut Step<'_, 'g>,
    tensor: usize,
    number: usize,
    change: fn(f32) -> f32,
    into: fn(&mut Model<'g>, usize, &[f32]) -> bool,
) -> Result<Option<Vec<Value<'g>>>, Fault> {
    let Value::Computed { tensor: computed, .. } = step.value(tensor)? else { return Ok(None) };
    let shape = step.shape(tensor)?;
    let Some(channels) = shape.last().copied().filter(|_| step.is_exclusive(tensor)) else { return Ok(None) };
    let Some(constant) = step.constant(number) else { return Ok(None) };
    let is_for_channels = match constant.shape.split_last() {
        Some((last, others)) => {
            others.len() < shape.len() && others.iter().all(|&side| side == 1) && [1, channels].contains(last)
        }
        None => true,
    };
    let Some(numbers) = constant.floats().filter(|_| is_for_channels) else { return Ok(None) };
    let mut numbers: Vec<f32> = numbers.map(change).collect();
    if let [one] = *numbers {
        numbers = vec![one; channels];
    }
    Ok(into(step.model, computed, &numbers).then(|| vec![Value::computed(computed)]))
}

/// The sum of several tensors of one shape.
pub(super) fn add_n<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (shape, element_type) = (step.shape(0)?, kernel_type(step, 0)?);
    let mut sum = alias(step, 0)?;
    for place in 1..step.operands.len() {
        if step.shape(place)? != shape || step.element_type(place)? != element_type {
            return invalid("its inputs have different shapes or types");
        }
        let inputs = vec![step.model.place(&sum), step.tensor(place)?];
        let output =
            step.model.add(code::ADD, inputs, Options::of(ADD_OPTIONS), element_type, shape.clone())?;
        sum = Value::computed(output);
    }
    Ok(vec![sum])
}

/// Those that need nothing but two inputs.
pub(super) fn of(operation: &str) -> Option<Lowering> {
    Some(match operation {
        "FloorDiv" => |step| binary(step, code::FLOOR_DIV, Options::of(65)),
        "FloorMod" => |step| binary(step, code::FLOOR_MOD, Options::of(72)),
        "Maximum" => |step| binary(step, code::MAXIMUM, Options::of(39)),
        "Minimum" => |step| binary(step, code::MINIMUM, Options::of(39)),
        "Pow" => |step| binary(step, code::POW, Options::of(56)),
        "SquaredDifference" => |step| binary(step, code::SQUARED_DIFFERENCE, Options::of(76)),
        "LogicalAnd" => |step| logical(step, code::LOGICAL_AND),
        "LogicalOr" => |step| logical(step, code::LOGICAL_OR),
        "Less" => |step| compared(step, code::LESS),
        "LessEqual" => |step| compared(step, code::LESS_EQUAL),
        "Greater" => |step| compared(step, code::GREATER),
        "GreaterEqual" => |step| compared(step, code::GREATER_EQUAL),
        "Equal" => |step| compared(step, code::EQUAL),
        "NotEqual" => |step| compared(step, code::NOT_EQUAL),
        _ => return None,
    })
}

fn binary<'g>(step: &mut Step<'_, 'g>, code: i32, options: Options) -> Lowered<'g> {
    let element_type = kernel_type(step, 0)?;
    with_result(step, code, options, element_type)
}

fn compared<'g>(step: &mut Step<'_, 'g>, code: i32) -> Lowered<'g> {
    kernel_type(step, 0)?;
    with_result(step, code, Options::none(), ElementType::Bool)
}

fn logical<'g>(step: &mut Step<'_, 'g>, code: i32) -> Lowered<'g> {
    if step.element_type(0)? != ElementType::Bool {
        return invalid("its inputs are no booleans");
    }
    with_result(step, code, Options::none(), ElementType::Bool)
}

fn with_result<'g>(
    step: &mut Step<'_, 'g>,
    code: i32,
    options: Options,
    element_type: ElementType,
) -> Lowered<'g> {
    if step.element_type(0)? != step.element_type(1)? {
        return invalid(format!("its inputs are {} and {}", step.element_type(0)?, step.element_type(1)?));
    }
    let shape = broadcast(&step.shape(0)?, &step.shape(1)?)?;
    // Kernels broadcast up to four dimensions everywhere, more only in some.
    if shape.len() > 4 && step.shape(0)? != step.shape(1)? {
        return unsupported(format!("it broadcasts {} dimensions, accepted are up to 4", shape.len()));
    }
    let inputs = vec![step.tensor(0)?, step.tensor(1)?];
    step.add(code, inputs, options, element_type, shape)
}

/// The type of an input, if the kernels of arithmetic are made for it.
fn kernel_type(step: &Step<'_, '_>, place: usize) -> Result<ElementType, Fault> {
    match step.element_type(place)? {
        element_type @ (ElementType::F32 | ElementType::I32 | ElementType::I64) => Ok(element_type),
        other => unsupported(format!("its elements are {other}, accepted are float32, int32 and int64")),
    }
}

/// Elements of one tensor or of another, as a third one says.
pub(super) fn select<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let element_type = kernel_type(step, 1)?;
    if step.element_type(0)? != ElementType::Bool || step.element_type(2)? != element_type {
        return invalid("its inputs don't fit");
    }
    let (condition, chosen) = (step.shape(0)?, step.shape(1)?);
    if condition.len() == 1 && chosen.len() > 1 && condition.first() == chosen.first() {
        return unsupported("its condition chooses rows");
    }
    let shape = broadcast(&broadcast(&condition, &chosen)?, &step.shape(2)?)?;
    let inputs = vec![step.tensor(0)?, step.tensor(1)?, step.tensor(2)?];
    // SelectV2Options
    step.add(code::SELECT_V2, inputs, Options::of(98), element_type, shape)
}

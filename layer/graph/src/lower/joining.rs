//! Tensors put together and taken apart.

use super::step::size;
use super::unary::alias;
use super::{Lowered, Step};
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::limits::MAX_PARAMETERS;
use crate::model::{Options, Scalar, code};
use crate::shape::axis;
use crate::value::Value;

pub(super) fn concat<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let Some(place) = step.operands.len().checked_sub(1) else { return invalid("it has no inputs") };
    joined(step, place, 0)
}

/// The older form.
pub(super) fn concat_axis_first<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    joined(step, 0, 1)
}

/// Joins the inputs from `start` on, but for the one that says the axis.
fn joined<'g>(step: &mut Step<'_, 'g>, axis_place: usize, start: usize) -> Lowered<'g> {
    let axis_number = step.integer(axis_place)?;
    let places: Vec<usize> = (start..step.operands.len()).filter(|&place| place != axis_place).collect();
    let mut joined: Option<Vec<usize>> = None;
    let mut element_type = None;
    let mut inputs = Vec::new();
    for &place in &places {
        let shape = step.shape(place)?;
        let at = axis(axis_number, shape.len())?;
        let kind = step.element_type(place)?;
        if element_type.is_some_and(|element_type| element_type != kind) {
            return invalid("its inputs are of different types");
        }
        element_type = Some(kind);
        let Some(whole) = &mut joined else {
            inputs.push(step.tensor(place)?);
            joined = Some(shape);
            continue;
        };
        let fits = whole.len() == shape.len()
            && whole.iter().zip(&shape).enumerate().all(|(dimension, (a, b))| dimension == at || a == b);
        if !fits {
            return invalid(format!("shapes {whole:?} and {shape:?} along axis {at}"));
        }
        // What is empty adds nothing.
        let along = shape.get(at).copied().unwrap_or(0);
        if along > 0 {
            inputs.push(step.tensor(place)?);
        }
        if let Some(side) = whole.get_mut(at) {
            *side = side.saturating_add(along);
        }
    }
    let (Some(shape), Some(element_type)) = (joined, element_type) else {
        return invalid("it has no inputs");
    };
    if let [place] = *places {
        return Ok(vec![alias(step, place)?]);
    }
    // ConcatenationOptions: axis
    let options = Options::of(10).with(0, Scalar::size(axis(axis_number, shape.len())?));
    step.add(code::CONCATENATION, inputs, options, element_type, shape)
}

/// Joins tensors along a new axis.
pub(super) fn pack<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (mut shape, element_type) = (step.shape(0)?, step.element_type(0)?);
    let count = step.operands.len();
    let mut inputs = Vec::new();
    for place in 0..count {
        if step.shape(place)? != shape || step.element_type(place)? != element_type {
            return invalid("its inputs have different shapes or types");
        }
        inputs.push(step.tensor(place)?);
    }
    let axis = axis(step.attributes.int("axis", 0)?, shape.len() + 1)?;
    shape.insert(axis, count);
    // PackOptions: values_count, axis
    let options = Options::of(59).with(0, Scalar::size(count)).with(1, Scalar::size(axis));
    step.add(code::PACK, inputs, options, element_type, shape)
}

/// Takes tensors apart along an axis, which they lose.
pub(super) fn unpack<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (mut shape, element_type) = (step.shape(0)?, step.element_type(0)?);
    let axis = axis(step.attributes.int("axis", 0)?, shape.len())?;
    let count = shape.remove(axis);
    if step.attributes.int("num", 0)? != i64::try_from(count).unwrap_or(-1) || count > MAX_PARAMETERS {
        return invalid(format!("it takes {count} tensors apart"));
    }
    let input = step.tensor(0)?;
    // UnpackOptions: num, axis
    let options = Options::of(64).with(0, Scalar::size(count)).with(1, Scalar::size(axis));
    let outputs =
        step.model.add_many(code::UNPACK, vec![input], options, element_type, vec![shape; count])?;
    Ok(outputs.into_iter().map(Value::computed).collect())
}

/// Inputs: an axis, a tensor. Takes it apart into equal parts.
pub(super) fn split<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let shape = step.shape(1)?;
    let axis = axis(step.integer(0)?, shape.len())?;
    let count = size(step.attributes.int("num_split", 0)?, "parts:")?;
    let side = shape.get(axis).copied().unwrap_or(0);
    if count == 0 || count > MAX_PARAMETERS || !side.is_multiple_of(count) {
        return invalid(format!("a side of {side} in {count} parts"));
    }
    parts(step, 1, axis, &vec![side / count; count])
}

/// Inputs: a tensor, sizes of its parts, an axis.
pub(super) fn split_sizes<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let shape = step.shape(0)?;
    let axis = axis(step.integer(2)?, shape.len())?;
    let side = shape.get(axis).copied().unwrap_or(0);
    let given = step.integers(1)?;
    let known: i64 = given.iter().filter(|&&part| part >= 0).fold(0, |sum, &part| sum.saturating_add(part));
    let rest = i64::try_from(side).unwrap_or(0).saturating_sub(known);
    let parts: Vec<usize> = given
        .iter()
        .map(|&part| size(if part == -1 { rest } else { part }, "a part of"))
        .collect::<Result<_, Fault>>()?;
    if parts.iter().fold(0_usize, |sum, &part| sum.saturating_add(part)) != side {
        return invalid(format!("a side of {side} in parts of {given:?}"));
    }
    self::parts(step, 0, axis, &parts)
}

fn parts<'g>(step: &mut Step<'_, 'g>, place: usize, axis: usize, parts: &[usize]) -> Lowered<'g> {
    let (shape, element_type) = (step.shape(place)?, step.element_type(place)?);
    let input = step.tensor(place)?;
    let shapes = parts.iter().map(|&part| {
        let mut shape = shape.clone();
        if let Some(side) = shape.get_mut(axis) {
            *side = part;
        }
        shape
    });
    let shapes: Vec<Vec<usize>> = shapes.collect();
    let (sizes, axis) = (step.sizes(parts), scalar(step, axis));
    // SplitVOptions: num_splits
    let options = Options::of(79).with(0, Scalar::size(parts.len()));
    let inputs = vec![input, sizes, axis];
    let outputs = step.model.add_many(code::SPLIT_V, inputs, options, element_type, shapes)?;
    Ok(outputs.into_iter().map(Value::computed).collect())
}

/// Repeats a tensor along each dimension.
pub(super) fn tile<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (shape, element_type) = (step.shape(0)?, step.element_type(0)?);
    if !matches!(element_type, ElementType::F32 | ElementType::I32 | ElementType::I64) {
        return unsupported(format!("it repeats {element_type}"));
    }
    let times: Vec<usize> =
        step.integers(1)?.iter().map(|&times| size(times, "repeated")).collect::<Result<_, _>>()?;
    if times.len() != shape.len() {
        return invalid(format!("shape {shape:?} repeated {times:?}"));
    }
    let repeated = shape.iter().zip(&times).map(|(side, times)| side.saturating_mul(*times)).collect();
    let inputs = vec![step.tensor(0)?, step.sizes(&times)];
    step.add(code::TILE, inputs, Options::none(), element_type, repeated)
}

/// A tensor of one integer, without a dimension.
pub(super) fn scalar(step: &mut Step<'_, '_>, number: usize) -> usize {
    let mut constant = crate::constant::Constant::of_integers(&[i32::try_from(number).unwrap_or(i32::MAX)]);
    constant.shape.clear();
    step.model.constant(constant)
}

//! Values put around a tensor.

use super::step::size;
use super::{Lowered, Step};
use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::limits::MAX_DIMENSIONS;
use crate::model::{Options, Scalar, code};

/// Inputs: a tensor, how much is put before and after each dimension, and for `PadV2` what.
pub(super) fn pad<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let element_type = known_type(step)?;
    let around = around(step)?;
    let shape = padded(&step.shape(0)?, &around)?;
    let is_zero = step.constant(2).is_none_or(|value| value.bytes.as_slice().iter().all(|&byte| byte == 0));
    let input = step.tensor(0)?;
    let around = pairs(step, &around);
    if step.operands.len() < 3 || is_zero && step.constant(2).is_some() {
        return step.add(code::PAD, vec![input, around], Options::of(22), element_type, shape);
    }
    if step.element_type(2)? != element_type || !step.shape(2)?.is_empty() {
        return invalid("what it puts around is no value of its input's type");
    }
    let value = step.tensor(2)?;
    step.add(code::PADV2, vec![input, around, value], Options::of(43), element_type, shape)
}

/// Puts a mirror image around.
pub(super) fn mirror<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let element_type = known_type(step)?;
    let around = around(step)?;
    let from = step.shape(0)?;
    let (mode, without_edge) = match step.attributes.text("mode", "")? {
        "REFLECT" => (0, 1),
        "SYMMETRIC" => (1, 0),
        other => return invalid(format!("its mode is {other:?}")),
    };
    let fits = |(side, pair): (&usize, &[usize; 2])| pair.iter().all(|&zeros| zeros + without_edge <= *side);
    if !from.iter().zip(&around).all(fits) {
        return invalid(format!("shape {from:?} has no image of {around:?}"));
    }
    let shape = padded(&from, &around)?;
    let inputs = vec![step.tensor(0)?, pairs(step, &around)];
    // MirrorPadOptions: mode
    let options = Options::of(77).with(0, Scalar::Byte(mode));
    step.add(code::MIRROR_PAD, inputs, options, element_type, shape)
}

fn known_type(step: &Step<'_, '_>) -> Result<ElementType, Fault> {
    match step.element_type(0)? {
        known @ (ElementType::F32 | ElementType::I32 | ElementType::I64) => Ok(known),
        other => unsupported(format!("its elements are {other}, accepted are float32, int32 and int64")),
    }
}

/// What input 1 says: a pair for each dimension.
fn around(step: &Step<'_, '_>) -> Result<Vec<[usize; 2]>, Fault> {
    let numbers: Vec<usize> =
        step.integers(1)?.iter().map(|&number| size(number, "a padding of")).collect::<Result<_, _>>()?;
    let pairs: Vec<[usize; 2]> = numbers.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).collect();
    let rank = step.shape(0)?.len();
    if pairs.len() != rank || numbers.len() != 2 * rank || rank > MAX_DIMENSIONS {
        return invalid(format!("{rank} dimensions with paddings of {numbers:?}"));
    }
    Ok(pairs)
}

fn padded(shape: &[usize], around: &[[usize; 2]]) -> Result<Vec<usize>, Fault> {
    if shape.len() > 5 {
        return unsupported(format!("it has {} dimensions, accepted are up to 5", shape.len()));
    }
    let side =
        |(side, [before, after]): (&usize, &[usize; 2])| side.saturating_add(*before).saturating_add(*after);
    Ok(shape.iter().zip(around).map(side).collect())
}

/// Puts zeros around a tensor of floats.
pub(super) fn add_zeros(
    step: &mut Step<'_, '_>,
    input: usize,
    around: &[[usize; 2]],
) -> Result<usize, Fault> {
    let shape = padded(step.model.kind(input)?.1, around)?;
    let around = pairs(step, around);
    Ok(step.model.add(code::PAD, vec![input, around], Options::of(22), ElementType::F32, shape)?)
}

/// A tensor of pairs.
pub(super) fn pairs(step: &mut Step<'_, '_>, pairs: &[[usize; 2]]) -> usize {
    let numbers: Vec<i32> =
        pairs.iter().flatten().map(|&number| i32::try_from(number).unwrap_or(i32::MAX)).collect();
    let mut constant = Constant::of_integers(&numbers);
    constant.shape = vec![pairs.len(), 2];
    step.model.constant(constant)
}

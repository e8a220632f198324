//! The same elements in another shape or order.

use super::step::size;
use super::unary::alias;
use super::{Lowered, Step};
use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::model::{Options, Scalar, code};
use crate::shape::{axis, reshaped, strides};
use crate::value::Value;

pub(super) fn reshape<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let shape = reshaped(&step.shape(0)?, &step.integers(1)?)?;
    into_shape(step, shape)
}

/// The shape without the sides of 1 that it names, or without any.
pub(crate) fn squeezed(step: &Step<'_, '_>) -> Result<Vec<usize>, Fault> {
    let shape = step.shape(0)?;
    let named = step.attributes.ints("squeeze_dims")?.unwrap_or_default();
    let named: Vec<usize> =
        named.iter().map(|&number| axis(number, shape.len())).collect::<Result<_, _>>()?;
    if let Some(dimension) = named.iter().find(|&&dimension| shape.get(dimension) != Some(&1)) {
        return invalid(format!("dimension {dimension} of {shape:?} is not 1"));
    }
    let is_kept = |(dimension, side): &(usize, &usize)| {
        if named.is_empty() { **side != 1 } else { !named.contains(dimension) }
    };
    Ok(shape.iter().enumerate().filter(is_kept).map(|(_, side)| *side).collect())
}

pub(super) fn squeeze<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let shape = squeezed(step)?;
    into_shape(step, shape)
}

pub(super) fn expand_dims<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let mut shape = step.shape(0)?;
    let axis = axis(step.integer(1)?, shape.len() + 1)?;
    shape.insert(axis, 1);
    into_shape(step, shape)
}

/// Input 0 in that shape.
pub(super) fn into_shape<'g>(step: &mut Step<'_, 'g>, shape: Vec<usize>) -> Lowered<'g> {
    if shape == step.shape(0)? {
        return Ok(vec![alias(step, 0)?]);
    }
    let (input, element_type) = (step.tensor(0)?, step.element_type(0)?);
    let sides = step.sizes(&shape);
    // ReshapeOptions
    step.add(code::RESHAPE, vec![input, sides], Options::of(17), element_type, shape)
}

/// Where each dimension of the result comes from, as input 1 says.
pub(crate) fn permutation(step: &Step<'_, '_>) -> Result<Vec<usize>, Fault> {
    let rank = step.shape(0)?.len();
    let order: Vec<usize> =
        step.integers(1)?.iter().map(|&number| axis(number, rank)).collect::<Result<_, _>>()?;
    if order.len() != rank || (0..rank).any(|dimension| !order.contains(&dimension)) {
        return invalid(format!("{rank} dimensions in the order {order:?}"));
    }
    Ok(order)
}

pub(super) fn transpose<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (shape, element_type) = (step.shape(0)?, step.element_type(0)?);
    let order = permutation(step)?;
    if order.is_sorted() {
        return Ok(vec![alias(step, 0)?]);
    }
    if shape.len() > 5 {
        return unsupported(format!("it has {} dimensions, accepted are up to 5", shape.len()));
    }
    let turned = order.iter().filter_map(|&dimension| shape.get(dimension).copied()).collect();
    let inputs = vec![step.tensor(0)?, step.sizes(&order)];
    step.add(code::TRANSPOSE, inputs, Options::of(26), element_type, turned)
}

/// A constant whose dimensions are in another order.
pub(crate) fn permuted(constant: &Constant<'_>, order: &[usize]) -> Constant<'static> {
    let width = constant.element_type.bytes();
    let from = constant.bytes.as_slice();
    let steps = strides(&constant.shape);
    let shape: Vec<usize> =
        order.iter().filter_map(|&dimension| constant.shape.get(dimension).copied()).collect();
    let steps: Vec<usize> = order.iter().filter_map(|&dimension| steps.get(dimension).copied()).collect();
    let mut bytes = Vec::with_capacity(from.len());
    let mut place = vec![0_usize; shape.len()];
    for _ in 0..constant.len() {
        let at: usize = place.iter().zip(&steps).map(|(place, step)| place * step).sum();
        bytes.extend(from.get(at * width..(at + 1) * width).unwrap_or_default());
        for (place, side) in place.iter_mut().zip(&shape).rev() {
            *place += 1;
            if *place < *side {
                break;
            }
            *place = 0;
        }
    }
    Constant::made(constant.element_type, shape, bytes)
}

pub(super) fn space_to_depth<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let [batch, height, width, channels] = picture(step)?;
    let block = block(step)?;
    if !height.is_multiple_of(block) || !width.is_multiple_of(block) {
        return invalid(format!("{height} x {width} in blocks of {block}"));
    }
    let shape =
        vec![batch, height / block, width / block, channels.saturating_mul(block).saturating_mul(block)];
    in_blocks(step, code::SPACE_TO_DEPTH, 19, block, shape)
}

pub(super) fn depth_to_space<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let [batch, height, width, channels] = picture(step)?;
    let block = block(step)?;
    if !channels.is_multiple_of(block * block) {
        return invalid(format!("{channels} channels in blocks of {block}"));
    }
    let shape =
        vec![batch, height.saturating_mul(block), width.saturating_mul(block), channels / (block * block)];
    in_blocks(step, code::DEPTH_TO_SPACE, 94, block, shape)
}

fn picture(step: &Step<'_, '_>) -> Result<[usize; 4], Fault> {
    step.channels_last()?;
    step.picture(0)
}

fn block(step: &Step<'_, '_>) -> Result<usize, Fault> {
    match size(step.attributes.int("block_size", 0)?, "blocks of")? {
        block @ 2..=4096 => Ok(block),
        other => invalid(format!("blocks of {other}")),
    }
}

fn in_blocks<'g>(
    step: &mut Step<'_, 'g>,
    code: i32,
    options: u8,
    block: usize,
    shape: Vec<usize>,
) -> Lowered<'g> {
    let input = step.floats(0)?;
    // SpaceToDepthOptions, DepthToSpaceOptions: block_size
    let options = Options::of(options).with(0, Scalar::size(block));
    step.add(code, vec![input], options, ElementType::F32, shape)
}

/// A tensor in that shape, which has as many elements.
pub(super) fn tensor_in_shape<'g>(
    step: &mut Step<'_, 'g>,
    tensor: usize,
    shape: Vec<usize>,
) -> Result<Value<'g>, Fault> {
    let element_type = step.model.kind(tensor)?.0;
    let sides = step.sizes(&shape);
    let output = step.model.add(code::RESHAPE, vec![tensor, sides], Options::of(17), element_type, shape)?;
    Ok(Value::computed(output))
}

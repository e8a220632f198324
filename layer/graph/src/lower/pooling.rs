//! The largest value, or the average, of each window.

use super::convolution::{first, last, sweep};
use super::step::window;
use super::{Lowered, Step};
use crate::element_type::ElementType;
use crate::error::Fault;
use crate::model::{Options, Scalar, code};

pub(super) fn max<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    pool(step, code::MAX_POOL_2D)
}

pub(super) fn average<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    pool(step, code::AVERAGE_POOL_2D)
}

fn pool<'g>(step: &mut Step<'_, 'g>, code: i32) -> Lowered<'g> {
    step.channels_last()?;
    step.floats(0)?;
    let [batch, _, _, channels] = step.picture(0)?;
    let kernel = sides(step, "ksize", 1)?;
    let stride = sides(step, "strides", 2)?;
    let sweep = sweep(step, kernel, stride, false)?;
    // Pool2DOptions: padding, stride_w, stride_h, filter_width, filter_height
    let options = Options::of(5)
        .with(0, Scalar::Byte(sweep.padding as u8))
        .with(1, Scalar::size(last(stride)))
        .with(2, Scalar::size(first(stride)))
        .with(3, Scalar::size(last(kernel)))
        .with(4, Scalar::size(first(kernel)));
    let shape = vec![batch, first(sweep.sides), last(sweep.sides), channels];
    step.add(code, vec![sweep.input], options, ElementType::F32, shape)
}

/// An attribute, or an input in newer versions of the operation.
fn sides(step: &Step<'_, '_>, name: &str, place: usize) -> Result<[usize; 2], Fault> {
    let numbers = match step.operands.len() {
        1 => step.attributes.ints(name)?,
        _ => Some(step.integers(place)?),
    };
    window(numbers, name)
}

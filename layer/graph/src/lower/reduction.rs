//! One value of many: sums, averages, extremes and where they are.

use super::{Lowered, Lowering, Step};
use crate::element_type::ElementType;
use crate::error::{Fault, invalid, unsupported};
use crate::model::{Options, Scalar, code};
use crate::shape::axis;

pub(super) fn of(operation: &str) -> Option<Lowering> {
    Some(match operation {
        "Mean" => |step| reduce(step, code::MEAN),
        "Sum" => |step| reduce(step, code::SUM),
        "Max" => |step| reduce(step, code::REDUCE_MAX),
        "Min" => |step| reduce(step, code::REDUCE_MIN),
        "Prod" => |step| reduce(step, code::REDUCE_PROD),
        _ => return None,
    })
}

/// The axes that input 1 names, and the shape without them.
pub(crate) fn reduced(step: &Step<'_, '_>) -> Result<(Vec<usize>, Vec<usize>), Fault> {
    let shape = step.shape(0)?;
    let mut axes: Vec<usize> =
        step.integers(1)?.iter().map(|&number| axis(number, shape.len())).collect::<Result<_, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    let keeps = step.attributes.flag("keep_dims", false)?;
    let sides = shape.iter().enumerate().filter_map(|(dimension, &side)| {
        if !axes.contains(&dimension) { Some(side) } else { keeps.then_some(1) }
    });
    let sides = sides.collect();
    Ok((axes, sides))
}

fn reduce<'g>(step: &mut Step<'_, 'g>, code: i32) -> Lowered<'g> {
    let input = step.floats(0)?;
    let (axes, shape) = reduced(step)?;
    if axes.is_empty() {
        return super::unary::identity(step);
    }
    let keeps = step.attributes.flag("keep_dims", false)?;
    let axes = step.sizes(&axes);
    // ReducerOptions: keep_dims
    let options = Options::of(27).with(0, Scalar::flag(keeps));
    step.add(code, vec![input, axes], options, ElementType::F32, shape)
}

pub(super) fn arg_max<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    arg(step, code::ARG_MAX, 40)
}

pub(super) fn arg_min<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    arg(step, code::ARG_MIN, 57)
}

fn arg<'g>(step: &mut Step<'_, 'g>, code: i32, options: u8) -> Lowered<'g> {
    let input = step.floats(0)?;
    let mut shape = step.shape(0)?;
    if shape.is_empty() {
        return invalid("its input has no dimension");
    }
    let axis = axis(step.integer(1)?, shape.len())?;
    shape.remove(axis);
    let element_type = step.attributes.element_type("output_type")?.unwrap_or(ElementType::I64);
    if !matches!(element_type, ElementType::I32 | ElementType::I64) {
        return unsupported(format!("its result is {element_type}"));
    }
    let axis = super::joining::scalar(step, axis);
    // ArgMaxOptions, ArgMinOptions: output_type
    let options = Options::of(options).with(0, Scalar::Byte(element_type.tflite()));
    step.add(code, vec![input, axis], options, element_type, shape)
}

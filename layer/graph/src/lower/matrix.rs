//! Products of matrices.

use super::{Lowered, Step};
use crate::element_type::ElementType;
use crate::error::{invalid, unsupported};
use crate::model::{Layout, Linear, Options, Scalar, code};
use crate::shape::broadcast;
use crate::value::Value;

pub(super) fn product<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let mut left = step.floats(0)?;
    let (flip_left, flip_right) =
        (step.attributes.flag("transpose_a", false)?, step.attributes.flag("transpose_b", false)?);
    let (left_shape, right_shape) = (step.shape(0)?, step.shape(1)?);
    let ([mut rows, mut inner], [mut other, mut columns]) = (
        match *left_shape {
            [a, b] => [a, b],
            _ => return invalid(format!("a matrix of shape {left_shape:?}")),
        },
        match *right_shape {
            [a, b] => [a, b],
            _ => return invalid(format!("a matrix of shape {right_shape:?}")),
        },
    );
    if flip_left {
        (rows, inner) = (inner, rows);
    }
    if flip_right {
        (other, columns) = (columns, other);
    }
    if inner != other {
        return invalid(format!("matrices of shapes {left_shape:?} and {right_shape:?}"));
    }
    let shape = vec![rows, columns];
    let Some(weights) = step.constant(1).cloned() else {
        let right = step.floats(1)?;
        return batch(step, [left, right], [flip_left, flip_right], shape);
    };
    if weights.element_type != ElementType::F32 || columns == 0 {
        return unsupported(format!("its weights are {}, accepted are float32", weights.element_type));
    }
    if flip_left {
        let order = step.sizes(&[1, 0]);
        left = step.model.add(
            code::TRANSPOSE,
            vec![left, order],
            Options::of(26),
            ElementType::F32,
            vec![rows, inner],
        )?;
    }
    let layout = if flip_right { Layout::OutputsFirst } else { Layout::OutputsLast };
    let linear = Linear::new(weights, layout, vec![columns, inner], columns);
    let output = step.model.add_linear(code::FULLY_CONNECTED, left, linear, None, shape)?;
    Ok(vec![Value::computed(output)])
}

/// Products of as many matrices as the leading dimensions say.
pub(super) fn batch_product<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let flips = [step.attributes.flag("adj_x", false)?, step.attributes.flag("adj_y", false)?];
    let (left, right) = (step.shape(0)?, step.shape(1)?);
    let ([left_batch @ .., a, b], [right_batch @ .., c, d]) = (left.as_slice(), right.as_slice()) else {
        return invalid(format!("matrices of shapes {left:?} and {right:?}"));
    };
    let [flip_left, flip_right] = flips;
    let (rows, inner) = if flip_left { (b, a) } else { (a, b) };
    let (other, columns) = if flip_right { (d, c) } else { (c, d) };
    if inner != other || left.len() > 5 || right.len() > 5 {
        return invalid(format!("matrices of shapes {left:?} and {right:?}"));
    }
    let mut shape = broadcast(left_batch, right_batch)?;
    shape.extend([*rows, *columns]);
    let inputs = [step.floats(0)?, step.floats(1)?];
    batch(step, inputs, flips, shape)
}

fn batch<'g>(
    step: &mut Step<'_, 'g>,
    inputs: [usize; 2],
    flips: [bool; 2],
    shape: Vec<usize>,
) -> Lowered<'g> {
    let [flip_left, flip_right] = flips;
    // BatchMatMulOptions: adj_x, adj_y
    let options = Options::of(101).with(0, Scalar::flag(flip_left)).with(1, Scalar::flag(flip_right));
    step.add(code::BATCH_MATMUL, inputs.to_vec(), options, ElementType::F32, shape)
}

//! Elements of constants, in another shape or order, joined or picked.

use super::Budget;
use crate::constant::Constant;
use crate::error::{Fault, invalid};
use crate::lower::step::size;
use crate::lower::{Cut, Step, permutation, permuted, squeezed};
use crate::shape::{axis, reshaped, strides};

/// The operation's outputs, where it only moves elements.
pub(super) fn fold(
    operation: &str,
    step: &Step<'_, '_>,
    constants: &[&Constant<'_>],
    budget: &mut Budget,
) -> Result<Option<Vec<Constant<'static>>>, Fault> {
    let Some(first) = constants.first() else { return Ok(None) };
    let moved = match operation {
        "Reshape" => in_shape(first, reshaped(&first.shape, &step.integers(1)?)?, budget)?,
        "Squeeze" => in_shape(first, squeezed(step)?, budget)?,
        "ExpandDims" => {
            let mut shape = first.shape.clone();
            shape.insert(axis(step.integer(1)?, shape.len() + 1)?, 1);
            in_shape(first, shape, budget)?
        }
        "Transpose" => {
            let order = permutation(step)?;
            budget.take(&first.shape, first.element_type, first.len())?;
            permuted(first, &order)
        }
        "Fill" => fill(step, budget)?,
        "Pack" => pack(step, constants, budget)?,
        "Unpack" => return unpack(step, first, budget).map(Some),
        "ConcatV2" => match constants.split_last() {
            Some((_, parts)) => concat(step.integer(parts.len())?, parts, budget)?,
            None => return Ok(None),
        },
        "StridedSlice" => strided_slice(step, first, budget)?,
        "Slice" => slice(step, first, budget)?,
        "Gather" | "GatherV2" => match gather(step, first, budget)? {
            Some(gathered) => gathered,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(vec![moved]))
}

fn in_shape(from: &Constant<'_>, shape: Vec<usize>, budget: &mut Budget) -> Result<Constant<'static>, Fault> {
    budget.take(&shape, from.element_type, 0)?;
    Ok(Constant::made(from.element_type, shape, from.bytes.as_slice().to_vec()))
}

/// The elements with these numbers; whoever calls has taken from the budget what they need.
fn picked(from: &Constant<'_>, places: impl Iterator<Item = usize>, shape: Vec<usize>) -> Constant<'static> {
    let width = from.element_type.bytes();
    let bytes = from.bytes.as_slice();
    let element = |place: usize| bytes.get(place.saturating_mul(width)..)?.get(..width);
    let picked = places.flat_map(|place| element(place).unwrap_or_default()).copied().collect();
    Constant::made(from.element_type, shape, picked)
}

fn fill(step: &Step<'_, '_>, budget: &mut Budget) -> Result<Constant<'static>, Fault> {
    let shape: Vec<usize> =
        step.integers(0)?.iter().map(|&side| size(side, "a side of")).collect::<Result<_, _>>()?;
    match step.constant(1) {
        Some(value) if value.len() == 1 => {
            budget.take(&shape, value.element_type, 0)?;
            let count = crate::shape::elements(&shape).unwrap_or(0);
            Ok(Constant::made(value.element_type, shape, value.bytes.as_slice().repeat(count)))
        }
        _ => invalid("it is filled with no single value"),
    }
}

fn pack(
    step: &Step<'_, '_>,
    parts: &[&Constant<'_>],
    budget: &mut Budget,
) -> Result<Constant<'static>, Fault> {
    let rank = parts.first().map_or(0, |part| part.shape.len());
    let at = axis(step.attributes.int("axis", 0)?, rank + 1)?;
    let with_axis: Vec<Constant<'_>> = parts
        .iter()
        .map(|part| {
            let mut shape = part.shape.clone();
            shape.insert(at.min(shape.len()), 1);
            Constant { shape, ..(*part).clone() }
        })
        .collect();
    concat(i64::try_from(at).unwrap_or(0), &with_axis.iter().collect::<Vec<_>>(), budget)
}

fn concat(at: i64, parts: &[&Constant<'_>], budget: &mut Budget) -> Result<Constant<'static>, Fault> {
    let Some(first) = parts.first() else { return invalid("it has no inputs") };
    let at = axis(at, first.shape.len())?;
    let mut shape = first.shape.clone();
    let mut along = 0_usize;
    for part in parts {
        let same = |(dimension, (a, b)): (usize, (&usize, &usize))| dimension == at || a == b;
        let fits = part.shape.len() == shape.len() && part.shape.iter().zip(&shape).enumerate().all(same);
        if !fits || part.element_type != first.element_type {
            return invalid("its inputs have different shapes or types");
        }
        along = along.saturating_add(part.shape.get(at).copied().unwrap_or(0));
    }
    if let Some(side) = shape.get_mut(at) {
        *side = along;
    }
    budget.take(&shape, first.element_type, 0)?;
    let rows: usize = shape.iter().take(at).product();
    let mut bytes = Vec::new();
    for row in 0..rows {
        for part in parts {
            let whole = part.bytes.as_slice();
            let length = whole.len() / rows.max(1);
            bytes.extend(whole.get(row * length..(row + 1) * length).unwrap_or_default());
        }
    }
    Ok(Constant::made(first.element_type, shape, bytes))
}

fn unpack(
    step: &Step<'_, '_>,
    from: &Constant<'_>,
    budget: &mut Budget,
) -> Result<Vec<Constant<'static>>, Fault> {
    let at = axis(step.attributes.int("axis", 0)?, from.shape.len())?;
    let mut shape = from.shape.clone();
    let count = shape.remove(at);
    let row = strides(&from.shape).get(at).copied().unwrap_or(1);
    (0..count.min(crate::limits::MAX_PARAMETERS))
        .map(|number| {
            let places = (0..from.len()).filter(|place| place / row.max(1) % count.max(1) == number);
            budget.take(&shape, from.element_type, from.len())?;
            Ok(picked(from, places, shape.clone()))
        })
        .collect()
}

fn strided_slice(
    step: &Step<'_, '_>,
    from: &Constant<'_>,
    budget: &mut Budget,
) -> Result<Constant<'static>, Fault> {
    let cut = Cut::of(step)?;
    let steps = strides(&from.shape);
    let mut places = vec![0_usize];
    budget.take(&cut.shape, from.element_type, 0)?;
    for (&(begin, stride, count), &step) in cut.along.iter().zip(&steps) {
        let along = |number: usize| {
            let number = i64::try_from(number).unwrap_or(0).saturating_mul(stride);
            begin.saturating_add_signed(isize::try_from(number).unwrap_or(0)).saturating_mul(step)
        };
        places = places
            .iter()
            .flat_map(|place| (0..count).map(move |number| place.saturating_add(along(number))))
            .collect();
    }
    Ok(picked(from, places.into_iter(), cut.shape))
}

fn slice(step: &Step<'_, '_>, from: &Constant<'_>, budget: &mut Budget) -> Result<Constant<'static>, Fault> {
    let (begins, sizes) = (step.integers(1)?, step.integers(2)?);
    if begins.len() != from.shape.len() || sizes.len() != from.shape.len() {
        return invalid(format!("a part of size {sizes:?} of {:?}", from.shape));
    }
    let mut parts = Vec::new();
    for (((&side, &step), &begin), &length) in
        from.shape.iter().zip(&strides(&from.shape)).zip(&begins).zip(&sizes)
    {
        let begin = size(begin, "a beginning at")?;
        let length = if length == -1 { side.saturating_sub(begin) } else { size(length, "a part of")? };
        if begin.checked_add(length).is_none_or(|end| end > side) {
            return invalid(format!("a part of size {sizes:?} of {:?}", from.shape));
        }
        parts.push((begin..begin + length, step));
    }
    let shape: Vec<usize> = parts.iter().map(|(part, _)| part.len()).collect();
    budget.take(&shape, from.element_type, 0)?;
    let mut places = vec![0_usize];
    for (part, step) in parts {
        places = places
            .iter()
            .flat_map(|place| part.clone().map(move |at| place.saturating_add(at * step)))
            .collect();
    }
    Ok(picked(from, places.into_iter(), shape))
}

/// None for what is left to an operator.
fn gather(
    step: &Step<'_, '_>,
    from: &Constant<'_>,
    budget: &mut Budget,
) -> Result<Option<Constant<'static>>, Fault> {
    let at = if step.operands.len() > 2 { step.integer(2)? } else { 0 };
    if axis(at, from.shape.len())? != 0 || step.attributes.int("batch_dims", 0)? != 0 {
        return Ok(None);
    }
    let side = from.shape.first().copied().unwrap_or(0);
    let row: usize = from.shape.iter().skip(1).product();
    let chosen: Vec<usize> =
        step.integers(1)?.iter().map(|&chosen| size(chosen, "slice")).collect::<Result<_, _>>()?;
    if chosen.iter().any(|&chosen| chosen >= side) {
        return invalid(format!("slices {chosen:?} of {side}"));
    }
    let shape: Vec<usize> = step.shape(1)?.iter().chain(from.shape.iter().skip(1)).copied().collect();
    let places = chosen.iter().flat_map(|&chosen| chosen * row..(chosen + 1) * row);
    budget.take(&shape, from.element_type, 0)?;
    Ok(Some(picked(from, places, shape)))
}

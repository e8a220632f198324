//! Parts of a tensor.

use super::reshaping::tensor_in_shape;
use super::step::size;
use super::unary::alias;
use super::{Lowered, Step};
use crate::error::{Fault, invalid, unsupported};
use crate::model::{Options, Scalar, code};
use crate::shape::axis;
use crate::value::Value;

/// What `StridedSlice` takes, worked out for the shape of its input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// For each dimension of the input: where it begins, how far it steps, and how many elements are taken.
    pub(crate) along: Vec<(usize, i64, usize)>,
    /// The shape of the result, with dimensions that were added and without those that were dropped.
    pub(crate) shape: Vec<usize>,
}

impl Cut {
    /// Of inputs: a tensor, begins, ends, strides.
    pub(crate) fn of(step: &Step<'_, '_>) -> Result<Self, Fault> {
        let from = step.shape(0)?;
        let [begins, ends, strides] = [step.integers(1)?, step.integers(2)?, step.integers(3)?];
        let mask = |name: &str| step.attributes.int(name, 0);
        let masks = Masks {
            begin: mask("begin_mask")?,
            end: mask("end_mask")?,
            ellipsis: mask("ellipsis_mask")?,
            new: mask("new_axis_mask")?,
            shrink: mask("shrink_axis_mask")?,
        };
        if begins.len() != ends.len() || begins.len() != strides.len() || begins.len() > 32 {
            return invalid("its begins, ends and strides differ in number");
        }
        masks.cut(&from, &begins, &ends, &strides)
    }
}

/// Bits for each of the begins, ends and strides.
struct Masks {
    begin: i64,
    end: i64,
    ellipsis: i64,
    new: i64,
    shrink: i64,
}

impl Masks {
    fn cut(&self, from: &[usize], begins: &[i64], ends: &[i64], strides: &[i64]) -> Result<Cut, Fault> {
        let is_set = |mask: i64, place: usize| (mask >> place) & 1 == 1;
        let ellipses = (0..begins.len()).filter(|&place| is_set(self.ellipsis, place)).count();
        if ellipses > 1 {
            return invalid("it has two ellipses");
        }
        let named = (0..begins.len())
            .filter(|&place| !is_set(self.ellipsis, place) && !is_set(self.new, place))
            .count();
        let Some(whole) = from.len().checked_sub(named) else {
            return invalid(format!("it cuts {named} of {} dimensions", from.len()));
        };
        let mut sides = from.iter().copied();
        let (mut along, mut shape) = (Vec::new(), Vec::new());
        for (place, ((&begin, &end), &stride)) in begins.iter().zip(ends).zip(strides).enumerate() {
            if is_set(self.ellipsis, place) {
                for side in sides.by_ref().take(whole) {
                    along.push((0, 1, side));
                    shape.push(side);
                }
                continue;
            }
            if is_set(self.new, place) {
                shape.push(1);
                continue;
            }
            let Some(side) = sides.next() else { return invalid("it cuts more than its input has") };
            let signed = i64::try_from(side).unwrap_or(i64::MAX);
            let counted = |place: i64| if place < 0 { place.saturating_add(signed) } else { place };
            if is_set(self.shrink, place) {
                let at = counted(begin);
                if !(0..signed).contains(&at) || stride <= 0 {
                    return invalid(format!("element {begin} of {side}"));
                }
                along.push((size(at, "element")?, 1, 1));
                continue;
            }
            if stride == 0 || stride == i64::MIN {
                return invalid("a stride of 0");
            }
            let (lowest, highest) = if stride > 0 { (0, signed) } else { (-1, signed - 1) };
            let limit = |masked: bool, place: i64, default: i64| {
                if masked { default } else { counted(place).clamp(lowest, highest) }
            };
            let (from_here, to_here) = if stride > 0 { (lowest, highest) } else { (highest, lowest) };
            let first = limit(is_set(self.begin, place), begin, from_here);
            let last = limit(is_set(self.end, place), end, to_here);
            let distance = if stride > 0 { last - first } else { first - last };
            let count = if distance > 0 { (distance - 1) / stride.abs() + 1 } else { 0 };
            let count = size(count, "elements:")?;
            along.push((size(first.max(0), "element")?, stride, count));
            shape.push(count);
        }
        for side in sides {
            along.push((0, 1, side));
            shape.push(side);
        }
        Ok(Cut { along, shape })
    }
}

pub(super) fn strided_slice<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let cut = Cut::of(step)?;
    let from = step.shape(0)?;
    let taken: Vec<usize> = cut.along.iter().map(|(.., count)| *count).collect();
    let is_whole = taken == from && cut.along.iter().all(|(_, stride, _)| *stride == 1);
    if is_whole && cut.shape == from {
        return Ok(vec![alias(step, 0)?]);
    }
    if from.len() > 5 {
        return unsupported(format!("it has {} dimensions, accepted are up to 5", from.len()));
    }
    let (mut tensor, element_type) = (step.tensor(0)?, step.element_type(0)?);
    if !is_whole {
        // An end before the first element can't be written: its mask says it.
        let mut end_mask = 0;
        let (mut begins, mut ends, mut strides) = (Vec::new(), Vec::new(), Vec::new());
        for (dimension, &(begin, stride, count)) in cut.along.iter().enumerate() {
            let begin = i64::try_from(begin).unwrap_or(i64::MAX);
            let end = stride.saturating_mul(i64::try_from(count).unwrap_or(0)).saturating_add(begin);
            if end < 0 {
                end_mask |= 1 << dimension;
            }
            let narrow = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
            begins.push(narrow(begin));
            ends.push(narrow(end.max(0)));
            strides.push(i32::try_from(stride).unwrap_or(if stride < 0 { -i32::MAX } else { i32::MAX }));
        }
        let mut inputs = vec![tensor];
        for numbers in [&begins, &ends, &strides] {
            inputs.push(step.model.constant(crate::constant::Constant::of_integers(numbers)));
        }
        // StridedSliceOptions: end_mask
        let options = Options::of(32).with(1, Scalar::Int(end_mask));
        tensor = step.model.add(code::STRIDED_SLICE, inputs, options, element_type, taken.clone())?;
    }
    if taken == cut.shape {
        return Ok(vec![Value::computed(tensor)]);
    }
    Ok(vec![tensor_in_shape(step, tensor, cut.shape)?])
}

/// Inputs: a tensor, where the part begins, its size; -1 stands for the rest.
pub(super) fn slice<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (from, element_type) = (step.shape(0)?, step.element_type(0)?);
    let (begins, sizes) = (step.integers(1)?, step.integers(2)?);
    if begins.len() != from.len() || sizes.len() != from.len() || from.len() > 5 {
        return invalid(format!("a part of size {sizes:?} of {from:?}"));
    }
    let mut shape = Vec::new();
    let mut places = Vec::new();
    for ((&side, &begin), &length) in from.iter().zip(&begins).zip(&sizes) {
        let begin = size(begin, "a beginning at")?;
        let length = if length == -1 { side.saturating_sub(begin) } else { size(length, "a part of")? };
        if begin.checked_add(length).is_none_or(|end| end > side) {
            return invalid(format!("a part of size {sizes:?} of {from:?}"));
        }
        places.push(begin);
        shape.push(length);
    }
    if shape == from {
        return Ok(vec![alias(step, 0)?]);
    }
    let inputs = vec![step.tensor(0)?, step.sizes(&places), step.sizes(&shape)];
    // SliceOptions
    step.add(code::SLICE, inputs, Options::of(48), element_type, shape)
}

/// Inputs: a tensor, which of its slices, along which axis.
pub(super) fn gather<'g>(step: &mut Step<'_, 'g>) -> Lowered<'g> {
    let (from, element_type) = (step.shape(0)?, step.element_type(0)?);
    let at = if step.operands.len() > 2 { step.integer(2)? } else { 0 };
    let at = axis(at, from.len())?;
    if step.attributes.int("batch_dims", 0)? != 0 {
        return unsupported("it has batch dimensions");
    }
    let chosen = step.integers(1)?;
    let side = from.get(at).copied().unwrap_or(0);
    // Negative ones count from nowhere here, and kernels don't look.
    if chosen.iter().any(|&chosen| usize::try_from(chosen).map_or(true, |chosen| chosen >= side)) {
        return invalid(format!("slices {chosen:?} of {side}"));
    }
    let chosen_shape = step.shape(1)?;
    let shape: Vec<usize> =
        from.iter().take(at).chain(&chosen_shape).chain(from.iter().skip(at + 1)).copied().collect();
    let numbers: Vec<i32> = chosen.iter().map(|&chosen| i32::try_from(chosen).unwrap_or(0)).collect();
    let mut indices = crate::constant::Constant::of_integers(&numbers);
    indices.shape = chosen_shape;
    let inputs = vec![step.tensor(0)?, step.model.constant(indices)];
    // GatherOptions: axis
    let options = Options::of(23).with(0, Scalar::size(at));
    step.add(code::GATHER, inputs, options, element_type, shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_worked_out_as_in_tensorflow() {
        let none = Masks { begin: 0, end: 0, ellipsis: 0, new: 0, shrink: 0 };
        let cut = none.cut(&[5, 4], &[1], &[-1], &[2]).unwrap();
        assert_eq!(cut, Cut { along: vec![(1, 2, 2), (0, 1, 4)], shape: vec![2, 4] });
        // x[::-1, 2]
        let masks = Masks { begin: 1, end: 1, ellipsis: 0, new: 0, shrink: 2 };
        let cut = masks.cut(&[5, 4], &[0, 2], &[0, 3], &[-1, 1]).unwrap();
        assert_eq!(cut, Cut { along: vec![(4, -1, 5), (2, 1, 1)], shape: vec![5] });
        // x[..., None]
        let masks = Masks { begin: 0, end: 0, ellipsis: 1, new: 2, shrink: 0 };
        let cut = masks.cut(&[5, 4], &[0, 0], &[0, 0], &[1, 1]).unwrap();
        assert_eq!(cut.shape, [5, 4, 1]);
    }

    #[test]
    fn cuts_that_lead_out_of_the_input_are_refused() {
        let masks = Masks { begin: 0, end: 0, ellipsis: 0, new: 0, shrink: 1 };
        assert!(masks.cut(&[5], &[5], &[6], &[1]).is_err());
        assert!(masks.cut(&[], &[0], &[1], &[1]).is_err());
        let none = Masks { begin: 0, end: 0, ellipsis: 0, new: 0, shrink: 0 };
        assert!(none.cut(&[5], &[0], &[1], &[0]).is_err());
        assert!(none.cut(&[5], &[i64::MIN], &[i64::MAX], &[i64::MIN]).is_err());
    }
}

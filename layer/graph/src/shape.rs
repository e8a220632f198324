//! Shapes: sizes, broadcasting, axes.

use crate::element_type::ElementType;
use crate::error::{Fault, GraphError, invalid, too_large};
use crate::limits::{MAX_DIMENSIONS, MAX_TENSOR_BYTES};

/// Elements of a shape; None where they can't be counted.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side))
}

/// The same without sides of 0: what is computed side by side takes its time even where nothing is in it.
pub(crate) fn span(shape: &[usize]) -> Option<usize> {
    shape.iter().filter(|&&side| side > 0).try_fold(1_usize, |product, &side| product.checked_mul(side))
}

/// Bytes of a tensor, whose sides are bounded even if one of them is 0.
pub(crate) fn byte_size(shape: &[usize], element_type: ElementType) -> Result<usize, GraphError> {
    if shape.len() > MAX_DIMENSIONS {
        return Err(too_large("dimensions of a tensor", shape.len(), MAX_DIMENSIONS));
    }
    let spanned = span(shape).and_then(|span| span.checked_mul(element_type.bytes()));
    match spanned {
        Some(spanned) if spanned <= MAX_TENSOR_BYTES => Ok(if shape.contains(&0) { 0 } else { spanned }),
        _ => Err(too_large("bytes of a tensor", spanned.unwrap_or(usize::MAX), MAX_TENSOR_BYTES)),
    }
}

/// The shape of an element-wise operation over both.
pub(crate) fn broadcast(left: &[usize], right: &[usize]) -> Result<Vec<usize>, Fault> {
    let rank = left.len().max(right.len());
    let side = |shape: &[usize], from_end: usize| {
        shape.len().checked_sub(from_end + 1).and_then(|place| shape.get(place)).copied().unwrap_or(1)
    };
    (0..rank)
        .rev()
        .map(|from_end| match (side(left, from_end), side(right, from_end)) {
            (a, b) if a == b => Ok(a),
            (1, side) | (side, 1) => Ok(side),
            _ => invalid(format!("shapes {left:?} and {right:?} don't fit")),
        })
        .collect()
}

/// An axis, which may count from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Fault> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let counted = if axis < 0 { axis.checked_add(signed) } else { Some(axis) };
    match counted.and_then(|axis| usize::try_from(axis).ok()) {
        Some(axis) if axis < rank => Ok(axis),
        _ => invalid(format!("axis {axis} of {rank}")),
    }
}

/// What each step along a dimension skips.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1_usize; shape.len()];
    let mut product = 1_usize;
    for (stride, side) in strides.iter_mut().zip(shape).rev() {
        *stride = product;
        product = product.saturating_mul(*side);
    }
    strides
}

/// Numbers of a shape that an operation was given, `-1` for the one that follows from the others.
pub(crate) fn reshaped(from: &[usize], to: &[i64]) -> Result<Vec<usize>, Fault> {
    let total = elements(from).unwrap_or(0);
    let known = to.iter().filter(|&&side| side != -1).try_fold(1_usize, |product, &side| {
        usize::try_from(side).ok().and_then(|side| product.checked_mul(side))
    });
    let free = to.iter().filter(|&&side| side == -1).count();
    let fits = match (known, free) {
        (Some(known), 0) => known == total,
        (Some(known), 1) => known > 0 && total.is_multiple_of(known),
        _ => false,
    };
    let Some(known) = known.filter(|_| fits) else {
        return invalid(format!("shape {from:?} can't become {to:?}"));
    };
    let side = |&side: &i64| usize::try_from(side).unwrap_or_else(|_| total / known.max(1));
    Ok(to.iter().map(side).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_broadcast_as_in_tensorflow() {
        assert_eq!(broadcast(&[1, 4, 4, 3], &[3]).unwrap(), [1, 4, 4, 3]);
        assert_eq!(broadcast(&[2, 1], &[1, 5]).unwrap(), [2, 5]);
        assert_eq!(broadcast(&[], &[7]).unwrap(), [7]);
        assert!(broadcast(&[2], &[3]).is_err());
    }

    #[test]
    fn a_free_side_follows_from_the_others() {
        assert_eq!(reshaped(&[2, 3, 4], &[-1, 6]).unwrap(), [4, 6]);
        for to in [&[-1, -1][..], &[5, -1], &[0, -1], &[-2, -12], &[24, 2], &[i64::MAX, i64::MAX]] {
            assert!(reshaped(&[2, 3, 4], to).is_err(), "{to:?}");
        }
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        assert!(byte_size(&[usize::MAX, 2], ElementType::F32).is_err());
        assert!(byte_size(&[1; 9], ElementType::F32).is_err());
        for shape in
            [&[1 << 50, 0][..], &[0, 1 << 40, 1 << 40], &[usize::MAX, 0], &[0, MAX_TENSOR_BYTES / 4 + 1]]
        {
            assert!(byte_size(shape, ElementType::F32).is_err(), "{shape:?}");
        }
        assert_eq!(byte_size(&[0, 1024, 3], ElementType::F32).unwrap(), 0);
        assert_eq!(byte_size(&[2, 3], ElementType::F64).unwrap(), 48);
    }
}

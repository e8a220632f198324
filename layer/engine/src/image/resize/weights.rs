//! The weights of the pixels under each pixel of the target, and how their sums are rounded.

use crate::image::limits::product;

/// Bits of a weight behind the point.
pub(super) const WEIGHT_BITS: u32 = 22;

/// One half, for rounding.
pub(super) const HALF: i32 = 1 << (WEIGHT_BITS - 1);

/// Of each pixel of the target in one direction: the first pixel under its triangle, and the weights of all of them.
pub(super) struct Weights {
    /// None where the direction stays as it is.
    pub(super) starts: Option<Vec<usize>>,
    /// `taps` for each pixel of the target; those that its triangle does not need are 0.
    pub(super) values: Vec<i32>,
    pub(super) taps: usize,
}

impl Weights {
    /// `extent` of `from` pixels become `to`.
    pub(super) fn new(extent: f64, from: u32, to: u32) -> Self {
        let scale = extent / f64::from(to);
        let support = scale.max(1.0);
        let taps = taps(support).min(from as usize);
        let mut values = Vec::new();
        if from == to && extent == f64::from(from) {
            return Self { starts: None, values, taps };
        }
        values.reserve_exact(to as usize * taps);
        let start_of = |index: u32| {
            let center = (f64::from(index) + 0.5) * scale;
            // Cut off towards zero, as in C.
            let start = (center - support + 0.5).max(0.0) as usize;
            let end = ((center + support + 0.5) as usize).min(from as usize);
            let triangle = |at: usize| (1.0 - ((at as f64 - center + 0.5) * (1.0 / support)).abs()).max(0.0);
            let sum: f64 = (start..end).map(triangle).sum();
            // At most 1, and never negative.
            let whole = |weight: f64| (0.5 + weight / sum * f64::from(1 << WEIGHT_BITS)) as i32;
            // At the end, zeros stand before instead of behind: all taps are pixels of the picture.
            let first = start.min(from as usize - taps);
            let weight = |at: usize| if (start..end).contains(&at) { whole(triangle(at)) } else { 0 };
            values.extend((first..first + taps).map(weight));
            first
        };
        let starts = (0..to).map(start_of).collect();
        Self { starts: Some(starts), values, taps }
    }

    /// What they take.
    pub(super) fn bytes(extent: f64, to: u32) -> usize {
        let taps = taps((extent / f64::from(to)).max(1.0));
        product(&[to.into(), taps as u64 * 4 + 8])
    }
}

/// Pixels that a triangle can lie over which goes so far to either side.
fn taps(support: f64) -> usize {
    support.ceil() as usize * 2 + 1
}

/// A sum of weighted bytes as a byte.
#[inline(always)]
pub(super) fn rounded(sum: i32) -> u8 {
    // From 0 to 255, whatever the rounding of the weights came to.
    (sum >> WEIGHT_BITS).clamp(0, 255) as u8
}

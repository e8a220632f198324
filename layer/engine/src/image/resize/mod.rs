//! One anti-aliased stretch, to the bit what Pillow's `BILINEAR` makes of the same pixels.
//!
//! Quantised models react if one percent of the values differ by one: a probability moves by 0.05. Libraries with SIMD have
//! shorter weights and go down first, and so differ in up to every seventh value. Weights and rounding are those of
//! Pillow's `Resample.c`: a triangle as wide as the reduction, whole numbers of 22 bits, a byte between the directions.

mod across_avx2;
mod weights;

use super::error::ImageError;
use super::limits::{Memory, product};
use super::pixels::Rgb;
use weights::{HALF, Weights, rounded};

/// Bytes between the directions that are kept from picture to picture.
const MAX_KEPT_BYTES: usize = 4 << 20;

/// Which direction is stretched first. Rounding depends on it: it must be across in the upright picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Across,
    Down,
}

/// The resizer with its buffer between the directions.
#[derive(Debug, Default)]
pub(super) struct Resizer {
    between: Vec<u8>,
}

impl Resizer {
    /// Stretches `picture` to `width` × `height`.
    pub(super) fn resize(
        &mut self,
        picture: &Rgb,
        (width, height): (u32, u32),
        first: First,
        memory: &mut Memory,
        out: &mut Vec<u8>,
    ) -> Result<(), ImageError> {
        let between = match first {
            First::Across => (width, picture.height),
            First::Down => (picture.width, height),
        };
        memory.take(bytes((width, height)))?;
        memory.take(bytes(between))?;
        memory.take(Weights::bytes(picture.extent.0, width))?;
        memory.take(Weights::bytes(picture.extent.1, height))?;
        memory.take(product(&[picture.width.max(width).into(), 3 * 4]))?;
        let across = Weights::new(picture.extent.0, picture.width, width);
        let down = Weights::new(picture.extent.1, picture.height, height);
        memory.take(across_avx2::working_bytes(picture.width as usize, width as usize, across.taps))?;
        match first {
            First::Across => {
                stretch_across(picture.bytes(), picture.width, &across, &mut self.between);
                stretch_down(&self.between, width, &down, out);
            }
            First::Down => {
                stretch_down(picture.bytes(), picture.width, &down, &mut self.between);
                stretch_across(&self.between, picture.width, &across, out);
            }
        }
        if self.between.capacity() > MAX_KEPT_BYTES {
            self.between = Vec::new();
        }
        Ok(())
    }

    /// Bytes of the buffers that are kept.
    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        self.between.capacity()
    }
}

fn bytes((width, height): (u32, u32)) -> usize {
    product(&[width.into(), height.into(), 3])
}

fn stretch_across(pixels: &[u8], width: u32, weights: &Weights, out: &mut Vec<u8>) {
    out.clear();
    let Some(starts) = &weights.starts else {
        out.extend_from_slice(pixels);
        return;
    };
    let width = width as usize;
    out.resize(pixels.len() / (width * 3) * starts.len() * 3, 0);
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just asked.
        unsafe { across_avx2::across(pixels, width, starts, weights, out) }
    } else {
        across_on_any(pixels, width, starts, weights, out);
    }
}

fn stretch_down(pixels: &[u8], width: u32, weights: &Weights, out: &mut Vec<u8>) {
    out.clear();
    let Some(starts) = &weights.starts else {
        out.extend_from_slice(pixels);
        return;
    };
    let width = width as usize;
    out.resize(width * starts.len() * 3, 0);
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just asked.
        unsafe { down_avx2(pixels, width, starts, weights, out) }
    } else {
        down_on_any(pixels, width, starts, weights, out);
    }
}

/// Older processors have no product of four whole numbers at once.
#[target_feature(enable = "avx2")]
fn down_avx2(pixels: &[u8], width: usize, starts: &[usize], weights: &Weights, out: &mut [u8]) {
    down_on_any(pixels, width, starts, weights, out);
}

fn across_on_any(pixels: &[u8], width: usize, starts: &[usize], weights: &Weights, out: &mut [u8]) {
    let rows = pixels.as_chunks::<3>().0.chunks_exact(width);
    for (row, out) in rows.zip(out.chunks_exact_mut(starts.len() * 3)) {
        let pixels = out.as_chunks_mut::<3>().0.iter_mut();
        for ((out, start), weights) in pixels.zip(starts).zip(weights.values.chunks_exact(weights.taps)) {
            let mut sums = [HALF; 3];
            for (pixel, weight) in row.get(*start..).unwrap_or_default().iter().zip(weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value) * weight;
                }
            }
            *out = sums.map(rounded);
        }
    }
}

#[inline(always)]
fn down_on_any(pixels: &[u8], width: usize, starts: &[usize], weights: &Weights, out: &mut [u8]) {
    let row_bytes = width * 3;
    let mut sums = vec![HALF; row_bytes];
    let weights = weights.values.chunks_exact(weights.taps);
    for ((out, start), weights) in out.chunks_exact_mut(row_bytes).zip(starts).zip(weights) {
        sums.fill(HALF);
        let rows = pixels.get(start * row_bytes..).unwrap_or_default().chunks_exact(row_bytes);
        for (row, weight) in rows.zip(weights).filter(|(_, weight)| **weight != 0) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += i32::from(*value) * weight;
            }
        }
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = rounded(*sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stretched(
        stretch: impl Fn(&[u8], usize, &[usize], &Weights, &mut [u8]),
        pixels: &[u8],
        (from, to): (usize, usize),
    ) -> Vec<u8> {
        let weights = Weights::new(from as f64 - 0.3, from as u32, to as u32);
        let starts = weights.starts.as_deref().unwrap();
        let mut out = vec![0; pixels.len() / (from * 3) * to * 3];
        stretch(pixels, from, starts, &weights, &mut out);
        out
    }

    proptest! {
        #[test]
        fn across_is_the_same_on_every_processor(
            (from, to, pixels) in (1_usize..90, 1_usize..60, 1_usize..6).prop_flat_map(|(from, to, rows)| {
                (Just(from), Just(to), proptest::collection::vec(any::<u8>(), from * rows * 3))
            })
        ) {
            let avx2 = |pixels: &[u8], width: usize, starts: &[usize], weights: &Weights, out: &mut [u8]| {
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor was just asked.
                    unsafe { across_avx2::across(pixels, width, starts, weights, out) }
                } else {
                    across_on_any(pixels, width, starts, weights, out);
                }
            };
            prop_assert_eq!(
                stretched(avx2, &pixels, (from, to)),
                stretched(across_on_any, &pixels, (from, to))
            );
        }
    }
}

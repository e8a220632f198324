//! One anti-aliased stretch, to the bit what Pillow's `BILINEAR` makes of the same pixels.
//!
//! Quantised models tell steps of one value in a hundredth of the values: a probability moves by 0.05. Libraries with SIMD
//! have shorter weights and go down first, and so differ in up to every seventh value. Weights and rounding are those of
//! Pillow's `Resample.c`: a triangle as wide as the reduction, whole numbers of 22 bits, a byte between the directions.

use super::error::ImageError;
use super::limits::{Memory, product};
use super::pixels::Rgb;

/// Bits of a weight behind the point.
const WEIGHT_BITS: u32 = 22;

/// One half, for rounding.
const HALF: i32 = 1 << (WEIGHT_BITS - 1);

/// Bytes between the directions that are kept from picture to picture.
const MOST_KEPT_BYTES: usize = 4 << 20;

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
        memory.take(product(&[picture.width.max(width).into(), 4 * 4]))?;
        let across = Weights::new(picture.extent.0, picture.width, width);
        let down = Weights::new(picture.extent.1, picture.height, height);
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
        if self.between.capacity() > MOST_KEPT_BYTES {
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

/// Of each pixel of the target in one direction: the first pixel under its triangle, and the weights of all of them.
struct Weights {
    /// None where the direction stays as it is.
    spans: Option<Vec<Span>>,
    values: Vec<i32>,
}

struct Span {
    start: usize,
    /// Its weights in `values`.
    first: usize,
    count: usize,
}

impl Weights {
    /// `extent` of `from` pixels become `to`.
    fn new(extent: f64, from: u32, to: u32) -> Self {
        let scale = extent / f64::from(to);
        let mut values = Vec::new();
        if from == to && extent == f64::from(from) {
            return Self { spans: None, values };
        }
        let support = scale.max(1.0);
        let span = |index: u32| {
            let center = (f64::from(index) + 0.5) * scale;
            // Cut off towards zero, as in C.
            let start = (center - support + 0.5).max(0.0) as usize;
            let end = ((center + support + 0.5) as usize).min(from as usize);
            let triangle = |at: usize| (1.0 - ((at as f64 - center + 0.5) * (1.0 / support)).abs()).max(0.0);
            let sum: f64 = (start..end).map(triangle).sum();
            let first = values.len();
            // At most 1, and never negative.
            let whole = |weight: f64| (0.5 + weight / sum * f64::from(1 << WEIGHT_BITS)) as i32;
            values.extend((start..end).map(|at| whole(triangle(at))));
            Span { start, first, count: end.saturating_sub(start) }
        };
        let spans = (0..to).map(span).collect();
        Self { spans: Some(spans), values }
    }

    /// What they take: a vector may have twice the room that it needs.
    fn bytes(extent: f64, to: u32) -> usize {
        let under_triangle = (extent / f64::from(to)).max(1.0).ceil() as u64 * 2 + 1;
        product(&[to.into(), under_triangle * 8 + size_of::<Span>() as u64])
    }

    fn of(&self, span: &Span) -> &[i32] {
        self.values.get(span.first..span.first + span.count).unwrap_or_default()
    }
}

/// A sum of weighted bytes as a byte.
#[inline(always)]
fn rounded(sum: i32) -> u8 {
    // From 0 to 255, whatever the rounding of the weights came to.
    (sum >> WEIGHT_BITS).clamp(0, 255) as u8
}

/// Calls `$body` compiled for AVX2 where the processor has that: older ones have no product of four whole numbers at once.
macro_rules! vectorized {
    ($name:ident, $body:ident) => {
        fn $name(pixels: &[u8], width: usize, weights: &Weights, spans: &[Span], out: &mut [u8]) {
            #[target_feature(enable = "avx2")]
            fn with_avx2(pixels: &[u8], width: usize, weights: &Weights, spans: &[Span], out: &mut [u8]) {
                $body(pixels, width, weights, spans, out);
            }
            if std::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor was just asked.
                unsafe { with_avx2(pixels, width, weights, spans, out) }
            } else {
                $body(pixels, width, weights, spans, out);
            }
        }
    };
}

vectorized!(across, across_body);
vectorized!(down, down_body);

fn stretch_across(pixels: &[u8], width: u32, weights: &Weights, out: &mut Vec<u8>) {
    out.clear();
    let Some(spans) = &weights.spans else {
        out.extend_from_slice(pixels);
        return;
    };
    let width = width as usize;
    out.resize(pixels.len() / (width * 3) * spans.len() * 3, 0);
    across(pixels, width, weights, spans, out);
}

fn stretch_down(pixels: &[u8], width: u32, weights: &Weights, out: &mut Vec<u8>) {
    out.clear();
    let Some(spans) = &weights.spans else {
        out.extend_from_slice(pixels);
        return;
    };
    let width = width as usize;
    out.resize(width * spans.len() * 3, 0);
    down(pixels, width, weights, spans, out);
}

#[inline(always)]
fn across_body(pixels: &[u8], width: usize, weights: &Weights, spans: &[Span], out: &mut [u8]) {
    // A fourth channel of nothing: four numbers are one vector.
    let mut wide = vec![[0_i32; 4]; width];
    let rows = pixels.as_chunks::<3>().0.chunks_exact(width);
    for (row, out) in rows.zip(out.as_chunks_mut::<3>().0.chunks_exact_mut(spans.len())) {
        for (wide, [red, green, blue]) in wide.iter_mut().zip(row) {
            *wide = [i32::from(*red), i32::from(*green), i32::from(*blue), 0];
        }
        for (out, span) in out.iter_mut().zip(spans) {
            let mut sums = [HALF; 4];
            let under = wide.get(span.start..).unwrap_or_default();
            for (pixel, weight) in under.iter().zip(weights.of(span)) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += value * weight;
                }
            }
            let [red, green, blue, _] = sums;
            *out = [rounded(red), rounded(green), rounded(blue)];
        }
    }
}

#[inline(always)]
fn down_body(pixels: &[u8], width: usize, weights: &Weights, spans: &[Span], out: &mut [u8]) {
    let row_bytes = width * 3;
    let mut sums = vec![HALF; row_bytes];
    for (out, span) in out.chunks_exact_mut(row_bytes).zip(spans) {
        sums.fill(HALF);
        let rows = pixels.get(span.start * row_bytes..).unwrap_or_default().chunks_exact(row_bytes);
        for (row, weight) in rows.zip(weights.of(span)) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += i32::from(*value) * weight;
            }
        }
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = rounded(*sum);
        }
    }
}

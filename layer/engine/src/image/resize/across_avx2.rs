//! The stretch across for processors with AVX2: two rows at a time, two pixels in a multiplication.
//!
//! A weight has 22 bits, and the multiplication takes 15: it is done with the upper and the lower half of each weight. The
//! sum of both is the same to the bit.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_set_epi8, _mm_set_epi64x, _mm_set1_epi32, _mm256_add_epi32,
    _mm256_broadcastsi128_si256, _mm256_extract_epi32, _mm256_madd_epi16, _mm256_packus_epi16,
    _mm256_packus_epi32, _mm256_set_m128i, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_slli_epi32, _mm256_srai_epi32,
};

use super::weights::{HALF, WEIGHT_BITS, Weights};

/// Bits of the lower half of a weight.
const LOWER_BITS: u32 = WEIGHT_BITS / 2;

/// Pixels in one load of 16 bytes that are used.
const LOADED_PIXELS: usize = 4;

/// What is read behind the end of a row, at the most.
const BEHIND_ROW: usize = 16;

/// The weights of two neighbouring pixels, four times: the upper halves, the lower halves.
type Pair = [__m128i; 2];

/// Rounds a pixel and the nothing beside it into a row that is a byte longer than its pixels: four values are one store. The
/// next pixel takes the place of the fourth.
#[inline(always)]
fn narrow(pixel: [u8; 4], row: &mut [u8], index: usize) {
    if let Some(place) = row.get_mut(index * 3..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *place = pixel;
    }
}

/// Bytes that this takes besides `Weights`: for `width` pixels that become `to`, `taps` weights each.
pub(super) fn working_bytes(width: usize, to: usize, taps: usize) -> usize {
    let pairs = to.saturating_mul(taps.div_ceil(2)).saturating_mul(size_of::<Pair>());
    pairs.saturating_add((width + to).saturating_mul(6)).saturating_add(2 * BEHIND_ROW + 2)
}

/// Stretches each row of `width` pixels in `pixels` to `starts.len()` pixels in `out`.
#[target_feature(enable = "avx2")]
pub(super) fn across(pixels: &[u8], width: usize, starts: &[usize], weights: &Weights, out: &mut [u8]) {
    match weights.taps.div_ceil(2) {
        2 => rows::<2>(pixels, width, starts, weights, out),
        3 => rows::<3>(pixels, width, starts, weights, out),
        4 => rows::<4>(pixels, width, starts, weights, out),
        5 => rows::<5>(pixels, width, starts, weights, out),
        _ => rows::<0>(pixels, width, starts, weights, out),
    }
}

/// For `PAIRS` pairs of weights a pixel, or any number of them where it is 0.
#[target_feature(enable = "avx2")]
fn rows<const PAIRS: usize>(
    pixels: &[u8],
    width: usize,
    starts: &[usize],
    weights: &Weights,
    out: &mut [u8],
) {
    let per_pixel = if PAIRS == 0 { weights.taps.div_ceil(2) } else { PAIRS };
    let loaded_bytes = (per_pixel.div_ceil(2) - 1) * LOADED_PIXELS * 3 + 16;
    let pairs = pairs(weights);
    let (row_bytes, out_bytes) = (width * 3, starts.len() * 3);
    let mut last_rows = [vec![0_u8; row_bytes + BEHIND_ROW], vec![0_u8; row_bytes + BEHIND_ROW]];
    let mut narrowed = [vec![0_u8; out_bytes + 1], vec![0_u8; out_bytes + 1]];
    for (index, outs) in out.chunks_mut(out_bytes * 2).enumerate() {
        let sources = pixels.get(index * 2 * row_bytes..).unwrap_or_default();
        let (upper_row, lower_row) = match sources.get(row_bytes..) {
            // What is read behind a row has no weight, so it may be the row below.
            Some(lower) if lower.len() >= row_bytes + BEHIND_ROW => (sources, lower),
            _ => {
                // Where the last row is alone, anything stands in for the other and nothing is made of it.
                for (row, source) in last_rows.iter_mut().zip(sources.chunks_exact(row_bytes)) {
                    if let Some(row) = row.get_mut(..row_bytes) {
                        row.copy_from_slice(source);
                    }
                }
                let [upper, lower] = &last_rows;
                (upper.as_slice(), lower.as_slice())
            }
        };
        let [upper_out, lower_out] = &mut narrowed;
        for (index, (start, pairs)) in starts.iter().zip(pairs.chunks_exact(per_pixel)).enumerate() {
            let under = start * 3..start * 3 + loaded_bytes;
            let (Some(a), Some(b)) = (upper_row.get(under.clone()), lower_row.get(under)) else { return };
            let [a, b] = pixel_of_both(a, b, pairs);
            narrow(a, upper_out, index);
            narrow(b, lower_out, index);
        }
        for (row, out) in narrowed.iter().zip(outs.chunks_exact_mut(out_bytes)) {
            if let Some(row) = row.get(..out_bytes) {
                out.copy_from_slice(row);
            }
        }
    }
}

/// One pixel of each of two rows, and a byte of nothing behind it.
#[target_feature(enable = "avx2")]
#[inline]
fn pixel_of_both(a: &[u8], b: &[u8], pairs: &[Pair]) -> [[u8; 4]; 2] {
    let mut upper = _mm256_setzero_si256();
    let mut lower = _mm256_set1_epi32(HALF);
    let loads = a.windows(16).step_by(LOADED_PIXELS * 3).zip(b.windows(16).step_by(LOADED_PIXELS * 3));
    for ((a, b), pairs) in loads.zip(pairs.chunks(2)) {
        let both = _mm256_set_m128i(load(b), load(a));
        for (pair, place) in pairs.iter().zip([first_two(), next_two()]) {
            let pixels = _mm256_shuffle_epi8(both, _mm256_broadcastsi128_si256(place));
            let [upper_weights, lower_weights] = pair.map(|halves| _mm256_broadcastsi128_si256(halves));
            upper = _mm256_add_epi32(upper, _mm256_madd_epi16(pixels, upper_weights));
            lower = _mm256_add_epi32(lower, _mm256_madd_epi16(pixels, lower_weights));
        }
    }
    bytes(_mm256_add_epi32(_mm256_slli_epi32::<{ LOWER_BITS as i32 }>(upper), lower))
}

/// Sums as bytes, from 0 to 255 whatever the rounding of the weights came to.
#[target_feature(enable = "avx2")]
#[inline]
fn bytes(sums: __m256i) -> [[u8; 4]; 2] {
    let whole = _mm256_srai_epi32::<{ WEIGHT_BITS as i32 }>(sums);
    let words = _mm256_packus_epi32(whole, whole);
    let bytes = _mm256_packus_epi16(words, words);
    [_mm256_extract_epi32::<0>(bytes).to_le_bytes(), _mm256_extract_epi32::<4>(bytes).to_le_bytes()]
}

/// Of 16 bytes the first two pixels: red of both, green of both, blue of both, nothing.
#[target_feature(enable = "avx2")]
#[inline]
fn first_two() -> __m128i {
    _mm_set_epi8(-1, -1, -1, -1, -1, 5, -1, 2, -1, 4, -1, 1, -1, 3, -1, 0)
}

/// The two pixels behind those.
#[target_feature(enable = "avx2")]
#[inline]
fn next_two() -> __m128i {
    _mm_set_epi8(-1, -1, -1, -1, -1, 11, -1, 8, -1, 10, -1, 7, -1, 9, -1, 6)
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(bytes: &[u8]) -> __m128i {
    let bytes = bytes.first_chunk::<16>().map_or(0, |bytes| u128::from_le_bytes(*bytes));
    _mm_set_epi64x((bytes >> 64) as i64, bytes as i64)
}

#[target_feature(enable = "avx2")]
fn pairs(weights: &Weights) -> Vec<Pair> {
    let pair = |pair: &[i32]| {
        let (first, second) = (pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0));
        let lower = |weight: i32| weight & ((1 << LOWER_BITS) - 1);
        let upper = |weight: i32| weight >> LOWER_BITS;
        [
            _mm_set1_epi32(upper(second) << 16 | upper(first)),
            _mm_set1_epi32(lower(second) << 16 | lower(first)),
        ]
    };
    weights.values.chunks_exact(weights.taps).flat_map(|weights| weights.chunks(2).map(pair)).collect()
}

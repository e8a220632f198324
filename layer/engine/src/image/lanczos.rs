//! Lanczos, compiled for the processor that there is.

use raster::Resampler;

/// Hands the next row to `resampler`; see [`Resampler::push`].
pub(super) fn push(resampler: &mut Resampler<'_>, row: &[u8], emit: &mut dyn FnMut(u32, &[u8])) {
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just asked.
        unsafe { push_avx2(resampler, row, emit) }
    } else {
        resampler.push(row, emit);
    }
}

/// Eight numbers at once instead of four. The sums are the same to the bit: nothing is contracted or put in another order.
#[target_feature(enable = "avx2")]
fn push_avx2(resampler: &mut Resampler<'_>, row: &[u8], emit: &mut dyn FnMut(u32, &[u8])) {
    resampler.push_inlined(row, emit);
}

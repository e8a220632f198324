//! Means over boxes, which filters and blurs are made of.

use wide::f32x4;

/// For each of the `width` × `height` values the mean of those at most `radius` away, across and down; at the borders of those
/// that there are. The time does not depend on the radius.
pub(crate) fn box_mean(values: &[f32x4], width: usize, height: usize, radius: usize) -> Vec<f32x4> {
    let mut rows = Vec::with_capacity(values.len());
    let across = shares(width, radius);
    for row in values.chunks_exact(width) {
        sliding(row, radius, &across, &mut rows);
    }
    let mut means = Vec::with_capacity(values.len());
    let mut sums = vec![f32x4::ZERO; width];
    let row = |y: usize| &rows[y * width..][..width];
    for y in 0..radius.min(height) {
        sums.iter_mut().zip(row(y)).for_each(|(sum, value)| *sum += *value);
    }
    for (y, share) in shares(height, radius).into_iter().enumerate() {
        if y + radius < height {
            sums.iter_mut().zip(row(y + radius)).for_each(|(sum, value)| *sum += *value);
        }
        if y > radius {
            sums.iter_mut().zip(row(y - radius - 1)).for_each(|(sum, value)| *sum -= *value);
        }
        means.extend(sums.iter().map(|sum| *sum * share));
    }
    means
}

/// One over the number of values in the box around each place.
fn shares(length: usize, radius: usize) -> Vec<f32x4> {
    let count = |at: usize| (at + radius + 1).min(length) - at.saturating_sub(radius);
    (0..length).map(|at| f32x4::splat(1.0 / count(at) as f32)).collect()
}

fn sliding(row: &[f32x4], radius: usize, shares: &[f32x4], means: &mut Vec<f32x4>) {
    let mut sum = row.iter().take(radius).fold(f32x4::ZERO, |sum, value| sum + *value);
    for (at, share) in shares.iter().enumerate() {
        if let Some(entering) = row.get(at + radius) {
            sum += *entering;
        }
        if at > radius {
            sum -= row[at - radius - 1];
        }
        means.push(sum * *share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slowly(values: &[f32x4], width: usize, height: usize, radius: usize) -> Vec<f32x4> {
        let mut means = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let (mut sum, mut count) = (f32x4::ZERO, 0.0);
                for row in y.saturating_sub(radius)..height.min(y + radius + 1) {
                    for column in x.saturating_sub(radius)..width.min(x + radius + 1) {
                        sum += values[row * width + column];
                        count += 1.0;
                    }
                }
                means.push(sum * f32x4::splat(1.0 / count));
            }
        }
        means
    }

    proptest! {
        #[test]
        fn it_is_the_mean_of_the_box(width in 1_usize..12, height in 1_usize..12, radius in 0_usize..15, seed: u32) {
            let value = |index: usize| (seed.wrapping_mul(index as u32 * 2 + 1) >> 8) as f32 / f32::from(u16::MAX) / 256.0;
            let values: Vec<_> = (0..width * height).map(|index| f32x4::new([0, 1, 2, 3].map(|lane| value(index * 4 + lane)))).collect();
            for (found, expected) in box_mean(&values, width, height, radius).iter().zip(slowly(&values, width, height, radius)) {
                for (found, expected) in found.to_array().into_iter().zip(expected.to_array()) {
                    prop_assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
                }
            }
        }
    }
}

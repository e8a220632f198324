//! Step 1: the photo, or a part of it, stretched to the square that a network takes.

use wide::f32x4;

use crate::image::{Image, Region};
use crate::reduced::Reduced;

/// The numbers of a network's input, row by row: red, green and blue of each pixel of `side` × `side`, from 0 to 1.
pub fn tensor(reduced: &Reduced, side: usize) -> Vec<f32> {
    let pixels = stretched(reduced, side, side);
    pixels.iter().flat_map(|pixel| pixel.to_array().into_iter().take(3)).collect()
}

/// A part of the picture, made smaller by a whole factor, but not below `side` where it need not be.
pub fn part(image: &Image, region: &Region, side: usize) -> Reduced {
    let shorter = region.width().min(region.height());
    Reduced::of(image, region, (shorter / side).max(1))
}

/// `reduced` stretched to another size, through a triangle that is as wide as the pixels of the result, or of the source where
/// those are larger.
pub fn stretched(reduced: &Reduced, width: usize, height: usize) -> Vec<f32x4> {
    let (across, down) = (taps(reduced.width, width), taps(reduced.height, height));
    let mut row = vec![f32x4::ZERO; reduced.width];
    let mut stretched = Vec::with_capacity(width * height);
    for Taps { first, weights } in &down {
        row.fill(f32x4::ZERO);
        for (y, weight) in (*first..).zip(weights) {
            for (sum, pixel) in row.iter_mut().zip(reduced.row(y)) {
                *sum += *pixel * f32x4::splat(*weight);
            }
        }
        for Taps { first, weights } in &across {
            let pixels = row[*first..].iter().zip(weights);
            stretched
                .push(pixels.fold(f32x4::ZERO, |sum, (pixel, weight)| sum + *pixel * f32x4::splat(*weight)));
        }
    }
    stretched
}

/// What one pixel of the result is made of.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    // Places are counted in parts of a source pixel, 2 × `to` of them: whole numbers alone (docs/functions.md says why).
    let pixel = 2 * to;
    let reach = 2 * from.max(to);
    (0..to)
        .map(|index| {
            let centre = (2 * index + 1) * from;
            let first = centre.saturating_sub(reach) / pixel;
            let end = ((centre + reach) / pixel + 1).min(from);
            let distance = |source: usize| (source * pixel + to).abs_diff(centre).min(reach);
            let weights: Vec<f32> = (first..end).map(|source| (reach - distance(source)) as f32).collect();
            let sum: f32 = weights.iter().sum();
            Taps { first, weights: weights.iter().map(|weight| weight / sum).collect() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(width: usize, height: usize, value: impl Fn(usize, usize) -> f32) -> Reduced {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = pixels.map(|(x, y)| f32x4::new([value(x, y), 1.0, 0.0, 0.0])).collect();
        Reduced { width, height, factor: 1, pixels }
    }

    #[test]
    fn one_colour_stays_one_colour_at_any_size() {
        for (width, height) in [(1, 1), (3, 700), (700, 3), (8, 8), (9, 31)] {
            let tensor = tensor(&reduced(width, height, |_, _| 0.25), 8);
            assert_eq!(tensor.len(), 8 * 8 * 3);
            for pixel in tensor.chunks_exact(3) {
                let distance = |value: f32, expected: f32| (value - expected).abs();
                assert!(
                    distance(pixel[0], 0.25) < 1e-5 && distance(pixel[1], 1.0) < 1e-5 && pixel[2] == 0.0,
                    "{pixel:?}"
                );
            }
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp() {
        for width in [5, 64, 333] {
            let tensor = tensor(&reduced(width, 2, |x, _| (x as f32 + 0.5) / width as f32), 16);
            for (index, pixel) in tensor[..16 * 3].chunks_exact(3).enumerate() {
                let expected = (index as f32 + 0.5) / 16.0;
                // Outside of the picture there is nothing to average with.
                let tolerance = if matches!(index, 0 | 15) { 0.1 } else { 0.01 };
                assert!((pixel[0] - expected).abs() < tolerance, "{width}: {} for {expected}", pixel[0]);
            }
        }
    }

    #[test]
    fn a_part_is_not_made_smaller_than_the_network_takes_it() {
        let image = Image::new(600, 300, vec![9; 600 * 300 * 3]).unwrap();
        let sizes = |side| {
            let part = part(&image, &Region { left: 10, top: 20, right: 590, bottom: 290 }, side);
            (part.width, part.height, part.factor)
        };
        assert_eq!((sizes(256), sizes(128)), ((580, 270, 1), (290, 135, 2)));
    }
}

//! A picture made smaller by a whole factor: each pixel is the mean of a square of pixels. Most of the work is done on it.

use wide::f32x4;

use crate::image::{Image, Region};

/// Means of squares of pixels: red, green and blue from 0 to 1, and an unused 0.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// Across.
    pub width: usize,
    /// Down.
    pub height: usize,
    /// Pixels of the picture that one of these stands for, across and down; those at the right and bottom may have fewer.
    pub factor: usize,
    /// Row by row.
    pub pixels: Vec<f32x4>,
}

/// More rows than this could overflow their sums in 16 bits.
const MAX_FACTOR: usize = 256;

impl Reduced {
    /// A part of the picture, made smaller by `factor`.
    pub fn of(image: &Image, region: &Region, factor: usize) -> Self {
        let factor = factor.clamp(1, MAX_FACTOR);
        let (width, height) = (region.width().div_ceil(factor), region.height().div_ceil(factor));
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u16; region.width() * 3];
        for top in (region.top..region.bottom).step_by(factor) {
            let bottom = region.bottom.min(top + factor);
            sums.fill(0);
            for y in top..bottom {
                let row = &image.row(y)[region.left * 3..region.right * 3];
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += u16::from(*value);
                }
            }
            for square in sums.chunks(factor * 3) {
                let mut total = [0_u32; 3];
                for pixel in square.chunks_exact(3) {
                    for (total, value) in total.iter_mut().zip(pixel) {
                        *total += u32::from(*value);
                    }
                }
                let count = (square.len() / 3 * (bottom - top)) as f32 * 255.0;
                let [red, green, blue] = total.map(|total| total as f32 / count);
                pixels.push(f32x4::new([red, green, blue, 0.0]));
            }
        }
        Self { width, height, factor, pixels }
    }

    /// Row `y`.
    pub fn row(&self, y: usize) -> &[f32x4] {
        &self.pixels[y * self.width..][..self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: usize, height: usize, value: impl Fn(usize, usize) -> [u8; 3]) -> Image {
        let rgb = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| value(x, y));
        Image::new(width, height, rgb.collect()).unwrap()
    }

    #[test]
    fn each_pixel_is_the_mean_of_a_square_also_at_the_borders() {
        let image = image(5, 3, |x, y| [(x * 10) as u8, (y * 20) as u8, 255]);
        let reduced = Reduced::of(&image, &image.whole(), 2);
        assert_eq!((reduced.width, reduced.height), (3, 2));
        let bytes: Vec<_> =
            reduced.pixels.iter().map(|pixel| (*pixel * f32x4::splat(255.0)).to_array()).collect();
        let expected = [[5.0, 10.0], [25.0, 10.0], [40.0, 10.0], [5.0, 40.0], [25.0, 40.0], [40.0, 40.0]];
        for (found, expected) in bytes.iter().zip(expected) {
            assert!(
                (found[0] - expected[0]).abs() < 1e-4 && (found[1] - expected[1]).abs() < 1e-4,
                "{found:?}"
            );
            assert!((found[2] - 255.0).abs() < 1e-4);
        }
    }

    #[test]
    fn a_part_of_the_picture_by_a_factor_of_one_is_that_part() {
        let image = image(4, 4, |x, y| [(x + 4 * y) as u8, 0, 0]);
        let region = Region { left: 1, top: 2, right: 3, bottom: 4 };
        let reduced = Reduced::of(&image, &region, 1);
        let red: Vec<_> = reduced.pixels.iter().map(|pixel| (pixel.to_array()[0] * 255.0).round()).collect();
        assert_eq!(red, [9.0, 10.0, 13.0, 14.0]);
    }

    #[test]
    fn sums_of_the_brightest_pixels_fit() {
        let image = image(3, 300, |_, _| [255; 3]);
        let reduced = Reduced::of(&image, &image.whole(), usize::MAX);
        assert_eq!((reduced.width, reduced.height, reduced.pixels[0].to_array()[1]), (1, 2, 1.0));
    }
}

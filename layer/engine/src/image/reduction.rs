//! Averages of rectangles of pixels while the rows come, so that a large picture needs little memory, whatever its shape.

use super::error::ImageError;
use super::limits::{Memory, product};
use super::pixels::Rgb;

/// Grey, where rows are missing.
const FILLING: u8 = 128;

/// Pixels that one average may have: 255 times as many fit into its sum.
const MAX_IN_AVERAGE: u32 = 1 << 24;

/// How many pixels across and down become one, so that both sides keep at least `margin` times those of the target.
pub(super) fn factors(size: (u32, u32), target: (u32, u32), margin: u32) -> (u32, u32) {
    let factor = |side: u32, target: u32| side.checked_div(target.saturating_mul(margin)).unwrap_or(1).max(1);
    let across = factor(size.0, target.0).min(MAX_IN_AVERAGE);
    (across, factor(size.1, target.1).min(MAX_IN_AVERAGE / across))
}

/// A picture that is reduced as its rows come.
pub(super) struct Reduction {
    size: (u32, u32),
    factors: (u32, u32),
    out_size: (u32, u32),
    sums: Vec<[u32; 3]>,
    rows_in_sums: u32,
    rows: u32,
    out: Vec<u8>,
    filled: usize,
}

impl Reduction {
    /// For a picture of `size`, into `scratch`, whose bytes are of no account.
    pub(super) fn new(
        size: (u32, u32),
        factors: (u32, u32),
        memory: &mut Memory,
        mut scratch: Vec<u8>,
    ) -> Result<Self, ImageError> {
        let out_size = (size.0.div_ceil(factors.0), size.1.div_ceil(factors.1));
        let length = product(&[out_size.0.into(), out_size.1.into(), 3]);
        let sums = if factors == (1, 1) { 0 } else { out_size.0 as usize };
        memory.take(length)?;
        memory.take(sums * size_of::<[u32; 3]>())?;
        // What an earlier picture left must not be taken for this one.
        scratch.clear();
        scratch.resize(length, FILLING);
        let sums = vec![[0; 3]; sums];
        Ok(Self { size, factors, out_size, sums, rows_in_sums: 0, rows: 0, out: scratch, filled: 0 })
    }

    /// Where nothing is reduced: all rows, to be written as they are.
    pub(super) fn whole(&mut self) -> Option<&mut [u8]> {
        (self.factors == (1, 1)).then_some(&mut self.out)
    }

    /// Adds a row of pixels of `N` bytes, each of which `to_rgb` makes a colour of.
    pub(super) fn add<const N: usize>(&mut self, row: &[u8], to_rgb: impl Fn([u8; N]) -> [u8; 3]) {
        let (pixels, _) = row.as_chunks::<N>();
        if self.factors == (1, 1) {
            let (out, _) = self.out.get_mut(self.filled..).unwrap_or_default().as_chunks_mut::<3>();
            let width = self.size.0 as usize;
            for (out, pixel) in out.iter_mut().zip(pixels.get(..width).unwrap_or(pixels)) {
                *out = to_rgb(*pixel);
            }
            self.filled += width * 3;
            self.rows += 1;
            return;
        }
        for (sums, pixels) in self.sums.iter_mut().zip(pixels.chunks(self.factors.0 as usize)) {
            for pixel in pixels {
                for (sum, value) in sums.iter_mut().zip(to_rgb(*pixel)) {
                    *sum += u32::from(value);
                }
            }
        }
        self.rows_in_sums += 1;
        self.rows += 1;
        if self.rows_in_sums == self.factors.1 || self.rows == self.size.1 {
            self.average();
        }
    }

    fn average(&mut self) {
        let columns_in_last = self.size.0 - (self.out_size.0 - 1) * self.factors.0;
        let (out, _) = self.out.get_mut(self.filled..).unwrap_or_default().as_chunks_mut::<3>();
        let last = self.sums.len() - 1;
        for (x, (out, sums)) in out.iter_mut().zip(&mut self.sums).enumerate() {
            let columns = if x == last { columns_in_last } else { self.factors.0 };
            let count = columns * self.rows_in_sums;
            // At most 255: an average of bytes.
            *out = sums.map(|sum| ((sum + count / 2) / count) as u8);
            *sums = [0; 3];
        }
        self.filled += self.sums.len() * 3;
        self.rows_in_sums = 0;
    }

    /// Rows that were added.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// The picture; grey where rows are missing. `extent` is what of the size that it was made for is picture.
    pub(super) fn finish(mut self, extent: (f64, f64)) -> Rgb {
        if self.rows_in_sums > 0 {
            self.average();
        }
        let extent = (extent.0 / f64::from(self.factors.0), extent.1 / f64::from(self.factors.1));
        Rgb::new(self.out_size, extent, self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_is_reduced_as_far_as_the_margin_allows() {
        assert_eq!(factors((4000, 3000), (224, 224), 2), (8, 6));
        assert_eq!(factors((400, 80_000_000), (224, 224), 2), (1, 178_571));
        assert_eq!(factors((10, 10), (224, 224), 2), (1, 1));
        assert_eq!(factors((10_000, 10_000), (1, 1), 2), (5000, 3355), "no sum overflows");
        assert_eq!(factors((1, 100_000_000), (u32::MAX, 1), 2), (1, MAX_IN_AVERAGE));
    }

    #[test]
    fn averages_count_what_the_last_column_and_row_have() {
        let mut reduced = Reduction::new((3, 3), (2, 2), &mut Memory::new(1000), vec![7; 90]).unwrap();
        for row in [[10_u8, 20, 30], [30, 40, 50], [8, 12, 99]] {
            reduced.add(&row, |[grey]| [grey; 3]);
        }
        let picture = reduced.finish((3.0, 3.0));
        assert_eq!((picture.width, picture.height, picture.extent), (2, 2, (1.5, 1.5)));
        assert_eq!(picture.bytes(), [[25; 3], [40; 3], [10; 3], [99; 3]].concat());
    }

    #[test]
    fn missing_rows_are_grey() {
        let mut reduced = Reduction::new((1, 3), (1, 1), &mut Memory::new(1000), vec![7; 90]).unwrap();
        reduced.add(&[1, 2, 3], |rgb| rgb);
        assert_eq!(reduced.rows(), 1);
        assert_eq!(reduced.finish((1.0, 3.0)).bytes(), [1, 2, 3, 128, 128, 128, 128, 128, 128]);
    }

    #[test]
    fn all_of_its_memory_is_counted() {
        assert!(Reduction::new((10, 10), (1, 1), &mut Memory::new(300), Vec::new()).is_ok());
        assert!(Reduction::new((10, 10), (1, 1), &mut Memory::new(299), Vec::new()).is_err());
        assert!(
            Reduction::new((10, 10), (2, 1), &mut Memory::new(5 * 10 * 3 + 5 * 12 - 1), Vec::new()).is_err()
        );
    }
}

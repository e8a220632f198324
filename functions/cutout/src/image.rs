//! Pictures as the steps take them.

use kit::pictures::{Layout, Raster};

/// Red, green and blue of each pixel, rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Image {
    /// A picture of `width` × `height` pixels; `rgb` has three bytes for each. None where it has not, or there is no pixel.
    pub fn new(width: usize, height: usize, rgb: Vec<u8>) -> Option<Self> {
        let bytes = width.checked_mul(height)?.checked_mul(3)?;
        (bytes > 0 && rgb.len() == bytes).then_some(Self { width, height, rgb })
    }

    /// A picture without alpha; None where it has one, or is grey.
    pub fn of(raster: Raster) -> Option<Self> {
        let (width, height) = (raster.width() as usize, raster.height() as usize);
        if raster.layout() == Layout::Rgb { Self::new(width, height, raster.into_pixels()) } else { None }
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels of row `y`, three bytes each.
    pub fn row(&self, y: usize) -> &[u8] {
        let bytes = self.width * 3;
        &self.rgb[y * bytes..][..bytes]
    }

    /// All of it.
    pub fn whole(&self) -> Region {
        Region { left: 0, top: 0, right: self.width, bottom: self.height }
    }
}

/// A part of a picture, in pixels; right and bottom are the first ones outside. It has at least one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The first column.
    pub left: usize,
    /// The first row.
    pub top: usize,
    /// The first column behind it.
    pub right: usize,
    /// The first row below it.
    pub bottom: usize,
}

impl Region {
    /// Columns.
    pub fn width(&self) -> usize {
        self.right - self.left
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// Pixels.
    pub fn area(&self) -> usize {
        self.width() * self.height()
    }

    /// The same with `percent` of its size more on each side, as far as `whole` goes.
    #[must_use]
    pub fn widened(&self, percent: usize, whole: &Self) -> Self {
        let (across, down) = (self.width() * percent / 100, self.height() * percent / 100);
        Self {
            left: whole.left.max(self.left.saturating_sub(across)),
            top: whole.top.max(self.top.saturating_sub(down)),
            right: whole.right.min(self.right + across),
            bottom: whole.bottom.min(self.bottom + down),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_three_bytes_for_each_of_its_pixels() {
        assert_eq!(Image::new(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap().row(0), [1, 2, 3, 4, 5, 6]);
        for (width, height, bytes) in [(2, 1, 5), (2, 1, 7), (0, 1, 0), (usize::MAX, 3, 9)] {
            assert_eq!(Image::new(width, height, vec![0; bytes]), None);
        }
    }

    #[test]
    fn a_widened_region_stays_within_the_picture() {
        let whole = Region { left: 0, top: 0, right: 100, bottom: 50 };
        let region = Region { left: 10, top: 5, right: 90, bottom: 25 };
        assert_eq!(region.widened(15, &whole), Region { left: 0, top: 2, right: 100, bottom: 28 });
        assert_eq!(whole.widened(15, &whole), whole);
    }
}

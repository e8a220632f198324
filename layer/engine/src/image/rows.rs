//! Where the rows of a decoder go.

use super::error::ImageError;
use super::limits::Memory;

/// What a pixel of a row is made of, a byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl Color {
    /// Bytes of a pixel.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// Takes a picture's rows from the top down.
pub(super) trait RowSink {
    /// Begins with a picture of this size, of which `extent` is picture; once more where a first try had to be given up.
    fn start(&mut self, size: (u32, u32), extent: (f64, f64), memory: &mut Memory) -> Result<(), ImageError>;

    /// Where red, green and blue of all rows may be written as they come, instead of being added.
    fn whole(&mut self) -> Option<&mut [u8]> {
        None
    }

    /// Takes the next row.
    fn add(&mut self, row: &[u8], color: Color) -> Result<(), ImageError>;

    /// Rows that came since the start.
    fn rows(&self) -> u32;
}

/// A colour as it looks on white.
pub(super) fn over_white(color: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    // At most 255: a weighted mean of bytes.
    color.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

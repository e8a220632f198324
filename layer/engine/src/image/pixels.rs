//! Pixels in memory: as decoded, and as the caller wants them.

use super::bounds::MAX_TARGET_PIXELS;
use super::error::ImageError;

/// How a pixel is written: three channels, in this order and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// Red, green, blue, a byte each.
    Rgb8,
    /// Blue, green, red, a byte each.
    Bgr8,
    /// Red, green, blue, each value / 255 as a little-endian f32.
    RgbF32,
    /// Blue, green, red, each value / 255 as a little-endian f32.
    BgrF32,
}

impl PixelFormat {
    /// Bytes of one pixel.
    pub fn pixel_bytes(self) -> usize {
        match self {
            Self::Rgb8 | Self::Bgr8 => 3,
            Self::RgbF32 | Self::BgrF32 => 12,
        }
    }

    pub(super) fn write(self, [red, green, blue]: [u8; 3], out: &mut [u8]) {
        let channels = match self {
            Self::Rgb8 | Self::RgbF32 => [red, green, blue],
            Self::Bgr8 | Self::BgrF32 => [blue, green, red],
        };
        match self {
            Self::Rgb8 | Self::Bgr8 => out.copy_from_slice(&channels),
            Self::RgbF32 | Self::BgrF32 => {
                for (value, channel) in out.chunks_exact_mut(4).zip(channels) {
                    value.copy_from_slice(&(f32::from(channel) / 255.0).to_le_bytes());
                }
            }
        }
    }
}

/// A decoded picture: red, green, blue, row by row, no gaps.
#[derive(Debug)]
pub(super) struct Rgb {
    pub(super) width: u32,
    pub(super) height: u32,
    /// What of it is picture: after a reduction, the last column and row may stand for less than a whole pixel.
    pub(super) extent: (f64, f64),
    bytes: Vec<u8>,
}

impl Rgb {
    /// `bytes` has at least `size`'s pixels, what is beyond is not looked at.
    pub(super) fn new((width, height): (u32, u32), extent: (f64, f64), bytes: Vec<u8>) -> Self {
        Self { width, height, extent, bytes }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        let length = self.width as usize * self.height as usize * 3;
        self.bytes.get(..length).unwrap_or(&self.bytes)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// The part of `out` that the pixels will fill.
pub(super) fn checked_target(
    width: u32,
    height: u32,
    format: PixelFormat,
    out: &mut [u8],
) -> Result<&mut [u8], ImageError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_TARGET_PIXELS {
        return Err(ImageError::Target { width, height });
    }
    let found = out.len();
    let needed = width as usize * height as usize * format.pixel_bytes();
    out.get_mut(..needed).ok_or(ImageError::BufferTooSmall { found, needed })
}

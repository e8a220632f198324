//! Pixels in memory: as decoded, and as the caller wants them.

use super::orientation::Orientation;
use super::{ImageError, MAX_TARGET_PIXELS};

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

    fn write(self, [red, green, blue]: [u8; 3], out: &mut [u8]) {
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
    /// A picture of `width` × `height` that was reduced by `factor`; `bytes` has at least its pixels, what is beyond
    /// is not looked at.
    pub(super) fn reduced((width, height): (u32, u32), factor: u32, bytes: Vec<u8>) -> Self {
        let extent = (f64::from(width) / f64::from(factor), f64::from(height) / f64::from(factor));
        Self { width: width.div_ceil(factor), height: height.div_ceil(factor), extent, bytes }
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

/// Writes stored pixels (`size` as stored) turned by `orientation` in the caller's format.
pub(super) fn write(
    stored: &[u8],
    (width, height): (u32, u32),
    orientation: Orientation,
    format: PixelFormat,
    out: &mut [u8],
) {
    let (pixels, _) = stored.as_chunks::<3>();
    let bytes = format.pixel_bytes();
    if orientation.is_upright() {
        if format == PixelFormat::Rgb8 {
            out.copy_from_slice(pixels.as_flattened());
            return;
        }
        for (pixel, out) in pixels.iter().zip(out.chunks_exact_mut(bytes)) {
            format.write(*pixel, out);
        }
        return;
    }
    let (upright_width, _) = orientation.upright_size(width, height);
    for (index, pixel) in pixels.iter().enumerate() {
        let (x, y) = (index % width as usize, index / width as usize);
        let (x, y) = orientation.upright_position(x, y, width as usize, height as usize);
        let start = (y * upright_width as usize + x) * bytes;
        if let Some(out) = out.get_mut(start..start + bytes) {
            format.write(*pixel, out);
        }
    }
}

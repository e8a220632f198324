//! Pixels to JPEG (libjpeg-turbo) and PNG.

use std::io::{self, Write};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::error::ImageError;
use super::limits::{Memory, product};
use super::operations::checked_input;

/// The longest side of a JPEG that libjpeg-turbo writes.
const MAX_JPEG_SIDE: u32 = 65_500;

/// Pixels, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Raster<'p> {
    /// `width` × `height` × `channels` bytes, or more.
    pub pixels: &'p [u8],
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// 1 grey; 3 red, green, blue; 4 and alpha.
    pub channels: u32,
}

/// How near a JPEG is to its pixels, 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality(u8);

impl Quality {
    /// None where the number is none of a quality.
    pub fn new(number: u32) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=100).contains(number)).map(Self)
    }
}

/// How hard a PNG is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// In a fifth of the time, and somewhat larger.
    Fast,
    /// As zlib does by default.
    Small,
}

/// Writes a JPEG (4:2:0, with tables of its own) to the start of `out`; its bytes. Takes at most `most_bytes` besides.
///
/// # Errors
/// Sizes, channels or a buffer that don't fit, too much memory.
pub fn jpeg(
    raster: Raster<'_>,
    quality: Quality,
    out: &mut [u8],
    most_bytes: usize,
) -> Result<usize, ImageError> {
    let Raster { width, height, channels, .. } = raster;
    let pixels = checked_input(raster.pixels, (width, height), channels as usize)?;
    let (format, subsamp) = match channels {
        1 => (PixelFormat::GRAY, Subsamp::Gray),
        3 => (PixelFormat::RGB, Subsamp::Sub2x2),
        other => return Err(ImageError::Channels { channels: other, accepted: "1 or 3" }),
    };
    if width.max(height) > MAX_JPEG_SIDE {
        return Err(ImageError::Target { width, height });
    }
    // The coefficients of all blocks, two bytes each, and pointers to rows.
    let coefficients = product(&[width.next_multiple_of(16).into(), height.next_multiple_of(16).into(), 3]);
    let mut memory = Memory::new(most_bytes);
    memory.take(coefficients)?;
    memory.take(product(&[height.into(), 8]).saturating_add(1 << 20))?;
    let pitch = product(&[width.into(), channels.into()]);
    let image = Image { pixels, width: width as usize, pitch, height: height as usize, format };
    let mut write = || -> turbojpeg::Result<usize> {
        let mut compressor = Compressor::new()?;
        compressor.set_quality(quality.0.into())?;
        compressor.set_subsamp(subsamp)?;
        compressor.set_optimize(true)?;
        compressor.compress_to_slice(image, out)
    };
    write().map_err(|error| ImageError::Unwritten(error.to_string()))
}

/// Writes a PNG to the start of `out`; its bytes. Takes at most `most_bytes` besides.
///
/// # Errors
/// Sizes, channels or a buffer that don't fit, too much memory.
pub fn png(
    raster: Raster<'_>,
    effort: Effort,
    out: &mut [u8],
    most_bytes: usize,
) -> Result<usize, ImageError> {
    let Raster { width, height, channels, .. } = raster;
    let pixels = checked_input(raster.pixels, (width, height), channels as usize)?;
    let color = match channels {
        1 => ColorType::Grayscale,
        3 => ColorType::Rgb,
        4 => ColorType::Rgba,
        other => return Err(ImageError::Channels { channels: other, accepted: "1, 3 or 4" }),
    };
    // The crate png filters all rows before it compresses them, and has the data as a whole.
    Memory::new(most_bytes)
        .take(product(&[pixels.len() as u64 + u64::from(height), 3]).saturating_add(1 << 20))?;
    let mut written = Counted { out, bytes: 0 };
    let mut write = || -> Result<(), EncodingError> {
        let mut encoder = Encoder::new(&mut written, width, height);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(match effort {
            Effort::Fast => Compression::Fast,
            Effort::Small => Compression::Balanced,
        });
        let mut writer = encoder.write_header()?;
        writer.write_image_data(pixels)?;
        writer.finish()
    };
    write().map_err(|error| ImageError::Unwritten(error.to_string()))?;
    Ok(written.bytes)
}

/// A slice that is written from its start.
struct Counted<'o> {
    out: &'o mut [u8],
    bytes: usize,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let out = self.out.get_mut(self.bytes..self.bytes + bytes.len());
        out.ok_or(io::ErrorKind::WriteZero)?.copy_from_slice(bytes);
        self.bytes += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! What else is done with pictures and pixels: a look at a header, another size.

use raster::{Channels, Resampler, Shape};

use super::error::ImageError;
use super::limits::{Memory, product};
use super::upright::{LIGHT, checked_pixels};
use super::{jpeg, lanczos, png};

/// What a header says of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Width and height of the upright picture.
    pub size: (u32, u32),
    /// Whether pixels may be transparent.
    pub has_alpha: bool,
}

/// Reads the header of `encoded` (JPEG or PNG).
///
/// # Errors
/// See [`ImageError`].
pub fn describe(encoded: &[u8]) -> Result<Described, ImageError> {
    if jpeg::is_jpeg(encoded) {
        Ok(Described { size: jpeg::upright_size(encoded)?, has_alpha: false })
    } else if png::is_png(encoded) {
        let header = png::header(encoded)?;
        Ok(Described { size: header.orientation.upright_size(header.size), has_alpha: header.has_alpha })
    } else {
        Err(ImageError::Unsupported)
    }
}

/// Stretches pixels of `from` to `to` by Lanczos in linear light, into the start of `out`. Takes at most `most_bytes` besides.
///
/// # Errors
/// A size that is 0 or too large, a buffer that is too small, too much memory.
pub fn resize(
    pixels: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    channels: Channels,
    out: &mut [u8],
    most_bytes: usize,
) -> Result<(), ImageError> {
    let out = checked_pixels(to, channels.bytes(), out)?;
    let pixels = checked_input(pixels, from, channels.bytes())?;
    let shape = Shape::new(from, to, channels);
    Memory::new(most_bytes).take(usize::try_from(shape.bytes()).unwrap_or(usize::MAX))?;
    let mut resampler = Resampler::new(shape, &LIGHT);
    let row_bytes = product(&[to.0.into(), channels.bytes() as u64]);
    let mut rows = out.chunks_exact_mut(row_bytes);
    for row in pixels.chunks_exact(product(&[from.0.into(), channels.bytes() as u64])) {
        lanczos::push(&mut resampler, row, &mut |_, row| {
            if let Some(out) = rows.next() {
                out.copy_from_slice(row);
            }
        });
    }
    Ok(())
}

/// The part of `pixels` that is a picture of this size.
pub(super) fn checked_input(
    pixels: &[u8],
    (width, height): (u32, u32),
    channels: usize,
) -> Result<&[u8], ImageError> {
    let count = u64::from(width) * u64::from(height);
    if count == 0 || count > super::MAX_PIXELS {
        return Err(ImageError::Target { width, height });
    }
    let (found, needed) = (pixels.len(), product(&[count, channels as u64]));
    pixels.get(..needed).ok_or(ImageError::BufferTooSmall { found, needed })
}

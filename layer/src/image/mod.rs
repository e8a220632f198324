//! Pictures to pixels: JPEG and PNG, stretched to the size asked for.
//!
//! The steps: sniff the format, check the size in the header, decode at a reduced scale where the target allows,
//! one anti-aliased resize, turn by the EXIF orientation, write in the pixel format asked for. The result is that of
//! a full decode followed by a bilinear (triangle filter) resize, within the tolerance of the tests.

mod error;
mod jpeg;
mod orientation;
mod pixels;
mod png;
mod resize;
mod scans;
#[cfg(test)]
mod tests;
mod thumbnail;
mod turbojpeg;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use error::ImageError;
pub use pixels::PixelFormat;
pub use thumbnail::thumbnail;

use pixels::Rgb;

/// Pixels that a picture may have; more are refused before anything is allocated.
pub use contract::limits::MAX_PICTURE_PIXELS as MAX_PIXELS;

/// Pixels that a target may have: more than any model's input.
pub const MAX_TARGET_PIXELS: u64 = 1 << 26;

/// Bytes of scratch memory kept from picture to picture.
const MOST_SCRATCH_BYTES: usize = 16 << 20;

/// A decoder with its buffers; one for each thread.
#[derive(Debug)]
pub struct Decoder {
    memory: MemoryLimit,
    scratch: Vec<u8>,
    resized: Vec<u8>,
    resizer: resize::Resizer,
}

impl Decoder {
    /// A decoder without buffers yet, which takes at most so many bytes for one picture, besides the target. A picture
    /// that is reduced as it comes takes a few of them; progressive JPEGs and interlaced PNGs must be in memory as a
    /// whole.
    pub fn new(most_bytes: usize) -> Self {
        Self {
            memory: MemoryLimit(most_bytes),
            scratch: Vec::new(),
            resized: Vec::new(),
            resizer: resize::Resizer::default(),
        }
    }

    /// Decodes `encoded` (JPEG or PNG, found by content) and stretches it to `width` × `height`, row by row from the
    /// top left, three channels a pixel, into the start of `out`. Transparent pixels lie over white.
    ///
    /// # Errors
    /// See [`ImageError`]; `out` may then hold anything.
    pub fn decode_into(
        &mut self,
        encoded: &[u8],
        width: u32,
        height: u32,
        format: PixelFormat,
        out: &mut [u8],
    ) -> Result<(), ImageError> {
        let out = pixels::checked_target(width, height, format, out)?;
        let orientation = orientation::read(encoded);
        let (stored_width, stored_height) = orientation.stored_size(width, height);
        let scratch = std::mem::take(&mut self.scratch);
        let picture = decode(encoded, (stored_width, stored_height), self.memory, scratch)?;
        self.resizer.resize(&picture, stored_width, stored_height, &mut self.resized)?;
        pixels::write(&self.resized, (stored_width, stored_height), orientation, format, out);
        self.keep(picture.into_bytes());
        Ok(())
    }

    /// Keeps a buffer for the next picture, unless it is a large one.
    fn keep(&mut self, buffer: Vec<u8>) {
        if buffer.capacity() <= MOST_SCRATCH_BYTES {
            self.scratch = buffer;
        }
    }
}

/// Decodes to at least the size of `target` where the picture has that many pixels.
fn decode(
    encoded: &[u8],
    target: (u32, u32),
    memory: MemoryLimit,
    scratch: Vec<u8>,
) -> Result<Rgb, ImageError> {
    if jpeg::is_jpeg(encoded) {
        jpeg::decode(encoded, target, memory, scratch)
    } else if png::is_png(encoded) {
        png::decode(encoded, target, memory, scratch)
    } else {
        Err(ImageError::Unsupported)
    }
}

/// Held while a picture is in memory as a whole that takes more than the scratch memory kept anyway. Such pictures
/// wait for each other: however many workers there are, the process has room for one of them.
static LARGE_PICTURE: Mutex<()> = Mutex::new(());

/// Waits for its turn where so many bytes are needed.
fn turn_of_large_picture(needed: usize) -> Option<MutexGuard<'static, ()>> {
    // Nothing is behind the lock that a panic could leave half done.
    (needed > MOST_SCRATCH_BYTES).then(|| LARGE_PICTURE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Bytes that one picture may take while it is decoded.
#[derive(Clone, Copy, Debug)]
struct MemoryLimit(usize);

impl MemoryLimit {
    /// Refuses a buffer that is too large for one picture, before it is allocated.
    fn check(self, needed: usize) -> Result<(), ImageError> {
        if needed > self.0 { Err(ImageError::TooMuchMemory { needed, limit: self.0 }) } else { Ok(()) }
    }
}

/// Refuses sizes that no picture should have, before anything is allocated.
fn check_size(width: u32, height: u32) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        return Err(ImageError::Undecodable(format!("its header says {width} × {height} pixels")));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageError::TooLarge { width, height });
    }
    Ok(())
}

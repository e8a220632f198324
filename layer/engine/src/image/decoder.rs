//! One picture after the other, with buffers that are used again.

use raster::Orientation;

use super::decoded::Decoded;
use super::error::ImageError;
use super::limits::Memory;
use super::notice::Notice;
use super::pixels::{self, PixelFormat};
use super::resize::{self, First};
use super::{jpeg, png, turning};

/// Bytes of each buffer kept from picture to picture.
pub(super) const MAX_KEPT_BYTES: usize = 4 << 20;

/// A decoder with its buffers; one for each thread.
#[derive(Debug)]
pub struct Decoder {
    most_bytes: usize,
    pub(super) scratch: Vec<u8>,
    pub(super) resized: Vec<u8>,
    pub(super) resizer: resize::Resizer,
}

impl Decoder {
    /// A decoder without buffers yet, which takes at most so many bytes for one picture, besides the target: every buffer
    /// counts. A picture that is reduced as it comes takes a few of them; progressive JPEGs and interlaced PNGs must be
    /// in memory as a whole.
    pub fn new(most_bytes: usize) -> Self {
        Self { most_bytes, scratch: Vec::new(), resized: Vec::new(), resizer: resize::Resizer::default() }
    }

    /// What one picture may take.
    pub fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    /// Decodes `encoded` (JPEG or PNG, found by content) and stretches it to `width` × `height`, row by row from the
    /// top left, three channels a pixel, into the start of `out`. Transparent pixels lie over white. The notice tells
    /// what is wrong with a picture that is damaged and yet has pixels.
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
    ) -> Result<Option<Notice>, ImageError> {
        self.decode_turned_into(encoded, (width, height), format, out, |orientation| orientation)
    }

    /// The same for a picture that is not turned, whatever it says of its orientation.
    ///
    /// # Errors
    /// See [`ImageError`]; `out` may then hold anything.
    pub fn decode_as_stored_into(
        &mut self,
        encoded: &[u8],
        width: u32,
        height: u32,
        format: PixelFormat,
        out: &mut [u8],
    ) -> Result<Option<Notice>, ImageError> {
        self.decode_turned_into(encoded, (width, height), format, out, |_| Orientation::UPRIGHT)
    }

    fn decode_turned_into(
        &mut self,
        encoded: &[u8],
        (width, height): (u32, u32),
        format: PixelFormat,
        out: &mut [u8],
        turned: impl Fn(Orientation) -> Orientation,
    ) -> Result<Option<Notice>, ImageError> {
        let out = pixels::checked_target(width, height, format, out)?;
        let mut memory = Memory::new(self.most_bytes);
        let scratch = std::mem::take(&mut self.scratch);
        let Decoded { picture, orientation, notice } =
            decode(encoded, (width, height), &mut memory, scratch)?;
        let orientation = turned(orientation);
        let stored = orientation.stored_size((width, height));
        let first = if orientation.is_transposed() { First::Down } else { First::Across };
        let resized = self.resizer.resize(&picture, stored, first, &mut memory, &mut self.resized);
        if resized.is_ok() {
            turning::write(&self.resized, stored, orientation, format, out);
        }
        self.scratch = kept(picture.into_bytes());
        self.resized = kept(std::mem::take(&mut self.resized));
        resized.map(|()| notice)
    }
}

/// A buffer for the next picture, unless it is a large one.
fn kept(buffer: Vec<u8>) -> Vec<u8> {
    if buffer.capacity() <= MAX_KEPT_BYTES { buffer } else { Vec::new() }
}

/// Decodes to more than the size of `target` where the picture has that many pixels.
fn decode(
    encoded: &[u8],
    target: (u32, u32),
    memory: &mut Memory,
    scratch: Vec<u8>,
) -> Result<Decoded, ImageError> {
    if jpeg::is_jpeg(encoded) {
        jpeg::decode(encoded, target, memory, scratch)
    } else if png::is_png(encoded) {
        png::decode(encoded, target, memory, scratch)
    } else {
        Err(ImageError::Unsupported)
    }
}

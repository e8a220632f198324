//! The pixels of a picture, which the host decodes.

use crate::error::FunctionError;
use crate::picture::Picture;

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Red, green and blue of each pixel, row by row: 3 × width × height bytes.
    pub rgb: Vec<u8>,
    /// What the host has to say of the picture, such as that a part of it is missing: for
    /// [`Answer::with_notice`](crate::Answer::with_notice).
    pub notice: Option<String>,
}

impl Picture<'_> {
    /// The pixels, stretched to `width` × `height`; the host decodes.
    ///
    /// # Errors
    /// `undecodable_image` and `too_large` with the host's reason. Natively there is no host: `internal`.
    pub fn pixels(&self, width: u32, height: u32) -> Result<Pixels, FunctionError> {
        #[cfg(target_arch = "wasm32")]
        return crate::decode::decode(self, width, height).map(|(rgb, notice)| Pixels { rgb, notice });
        #[cfg(not(target_arch = "wasm32"))]
        Err(FunctionError::internal(format!("no host decodes a picture to {width} × {height} pixels here")))
    }
}

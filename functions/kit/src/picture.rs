//! The picture of an event, and its pixels.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::FunctionError;
use crate::formats::Format;

/// An encoded picture, as it came with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    /// What the picture is a part of, so that a form's part need not be copied out of it.
    buffer: Cow<'a, [u8]>,
    range: Range<usize>,
    format: Format,
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Red, green and blue of each pixel, row by row: 3 × width × height bytes.
    pub rgb: Vec<u8>,
    /// What the host has to say of the picture, such as that a part of it is missing: for
    /// [`Answer::with_notice`](crate::Answer::with_notice).
    pub notice: Option<String>,
}

impl<'a> Picture<'a> {
    pub(crate) fn new(buffer: Cow<'a, [u8]>, range: Range<usize>, format: Format) -> Self {
        Self { buffer, range, format }
    }

    pub(crate) fn into_owned(self) -> Picture<'static> {
        Picture { buffer: Cow::Owned(self.buffer.into_owned()), range: self.range, format: self.format }
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(self.range.clone()).unwrap_or_default()
    }

    /// The format, by the first bytes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The pixels, stretched to `width` × `height`; the host decodes.
    ///
    /// # Errors
    /// `undecodable_image` and `too_large` with the host's reason. Natively there is no host: `internal`.
    pub fn pixels(&self, width: u32, height: u32) -> Result<Pixels, FunctionError> {
        #[cfg(target_arch = "wasm32")]
        return crate::host::load_picture(self, width, height);
        #[cfg(not(target_arch = "wasm32"))]
        Err(FunctionError::internal(format!("no host decodes a picture to {width} × {height} pixels here")))
    }
}

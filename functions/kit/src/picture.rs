//! The picture of an event.

use std::borrow::Cow;
use std::ops::Range;

use crate::formats::Format;

/// An encoded picture, as it came with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    /// What the picture is a part of, so that a form's part need not be copied out of it.
    buffer: Cow<'a, [u8]>,
    range: Range<usize>,
    format: Format,
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
}

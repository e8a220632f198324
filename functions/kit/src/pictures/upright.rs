//! The upright pixels of an event's picture.

use super::plain;
use super::raster::{Layout, Raster};
use crate::error::FunctionError;
use crate::picture::Picture;

/// What the header says of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Pixels across, when it is upright.
    pub width: u32,
    /// Pixels down, when it is upright.
    pub height: u32,
    /// Whether pixels may be transparent.
    pub has_alpha: bool,
}

/// A decoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upright {
    /// Its pixels, upright and in sRGB.
    pub raster: Raster,
    /// What there is to say of the picture, such as that a part of it is missing: for
    /// [`Answer::with_notice`](crate::Answer::with_notice).
    pub notice: Option<String>,
}

impl Described {
    /// The size whose longer side is at most `max_side`, in proportion, never 0 and never larger than it is.
    pub fn within(&self, max_side: u32) -> (u32, u32) {
        let long = self.width.max(self.height).max(1);
        let max_side = max_side.clamp(1, long);
        let scaled = |side: u32| {
            let length = (u64::from(side) * u64::from(max_side) + u64::from(long) / 2) / u64::from(long);
            // At most `max_side`, for the side is at most the longer one.
            u32::try_from(length).unwrap_or(max_side).max(1)
        };
        (scaled(self.width), scaled(self.height))
    }
}

impl Picture<'_> {
    /// What the header says; nothing is decoded.
    ///
    /// # Errors
    /// `undecodable_image` and `too_large` with the reason.
    pub fn describe(&self) -> Result<Described, FunctionError> {
        #[cfg(target_arch = "wasm32")]
        if let Some(described) = super::host::describe(self)? {
            return Ok(described);
        }
        plain::describe(self)
    }

    /// Width and height of the upright picture; nothing is decoded.
    ///
    /// # Errors
    /// As [`Picture::describe`].
    pub fn upright_size(&self) -> Result<(u32, u32), FunctionError> {
        self.describe().map(|described| (described.width, described.height))
    }

    /// The upright picture in red, green and blue, its longer side at most `max_side` pixels; transparent pixels lie over
    /// white.
    ///
    /// # Errors
    /// `undecodable_image` and `too_large` with the reason.
    pub fn upright(&self, max_side: u32) -> Result<Upright, FunctionError> {
        let (width, height) = self.describe()?.within(max_side);
        self.upright_pixels(width, height, Layout::Rgb)
    }

    /// The upright picture, stretched to `width` × `height`; `layout` is with alpha or without.
    ///
    /// # Errors
    /// `undecodable_image` and `too_large` with the reason. Natively there is no host: `internal`.
    pub fn upright_pixels(&self, width: u32, height: u32, layout: Layout) -> Result<Upright, FunctionError> {
        if layout == Layout::Grey {
            return Err(FunctionError::internal("pictures are decoded to colours, not to grey"));
        }
        #[cfg(target_arch = "wasm32")]
        if let Some(upright) = super::host::decode(self, width, height, layout)? {
            return Ok(upright);
        }
        plain::decode(self, width, height, layout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_keep_their_proportion_and_are_never_0_nor_enlarged() {
        let within = |width, height, max_side| Described { width, height, has_alpha: false }.within(max_side);
        assert_eq!(within(4000, 3000, 160), (160, 120));
        assert_eq!(within(3000, 4000, 160), (120, 160));
        assert_eq!(within(1000, 667, 300), (300, 200));
        assert_eq!(within(30, 20, 160), (30, 20));
        assert_eq!(within(1, 90_000, 160), (1, 160));
        assert_eq!(within(5, 5, 0), (1, 1));
    }
}

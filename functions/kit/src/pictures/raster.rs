//! Pixels, and what can be made of them.

use super::plain;
use crate::error::FunctionError;

/// What a pixel is made of, a byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Grey.
    Grey,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha (not multiplied).
    Rgba,
}

impl Layout {
    /// Bytes of a pixel.
    pub fn channels(self) -> u32 {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Bytes of so many pixels; the largest number where it is larger.
    pub(super) fn bytes(self, width: u32, height: u32) -> u64 {
        (u64::from(width) * u64::from(height)).saturating_mul(self.channels().into())
    }
}

/// How hard a PNG is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// In a fraction of the time, and somewhat larger.
    Fast,
    /// As zlib does by default.
    Small,
}

/// A picture in pixels, row by row from the top left, no gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    width: u32,
    height: u32,
    layout: Layout,
    pixels: Vec<u8>,
}

impl Raster {
    /// Pixels of this size; None where `pixels` has another number of bytes, or a side is 0.
    pub fn new(width: u32, height: u32, layout: Layout, pixels: Vec<u8>) -> Option<Self> {
        let bytes = layout.bytes(width, height);
        (bytes > 0 && bytes == pixels.len() as u64).then_some(Self { width, height, layout, pixels })
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// What each pixel is made of.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The bytes of all pixels.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes of all pixels, to be changed.
    pub fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// The bytes of all pixels.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// Whether no pixel shines through.
    pub fn is_opaque(&self) -> bool {
        self.layout != Layout::Rgba || self.pixels.chunks_exact(4).all(|pixel| pixel.last() == Some(&u8::MAX))
    }

    /// The same without alpha, as it looks if nothing shines through.
    #[must_use]
    pub fn without_alpha(self) -> Self {
        if self.layout != Layout::Rgba {
            return self;
        }
        let pixels = self.pixels.chunks_exact(4).flat_map(|pixel| pixel.iter().take(3)).copied().collect();
        Self { layout: Layout::Rgb, pixels, ..self }
    }

    /// A part; None where it is empty or goes beyond the picture.
    pub fn cropped(&self, (x, y): (u32, u32), width: u32, height: u32) -> Option<Self> {
        let is_within = |start: u32, length: u32, side: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
        };
        if !is_within(x, width, self.width) || !is_within(y, height, self.height) {
            return None;
        }
        let bytes = self.layout.channels() as usize;
        let rows = self.pixels.chunks_exact(self.width as usize * bytes).skip(y as usize);
        let part = x as usize * bytes..(x + width) as usize * bytes;
        let rows = rows.take(height as usize).filter_map(|row| row.get(part.clone()));
        let mut pixels = Vec::with_capacity(part.len() * height as usize);
        rows.for_each(|row| pixels.extend_from_slice(row));
        Self::new(width, height, self.layout, pixels)
    }

    /// The same picture, stretched to another size by Lanczos in linear light. Grey has no other sizes.
    ///
    /// # Errors
    /// A side of 0, more pixels than the host or the memory allow, grey: `internal`, for it is the function's own picture.
    pub fn resized(&self, width: u32, height: u32) -> Result<Self, FunctionError> {
        if (width, height) == (self.width, self.height) {
            return Ok(self.clone());
        }
        if width == 0 || height == 0 || self.layout == Layout::Grey {
            let layout = self.layout;
            let message = format!("{layout:?} pixels can't be stretched to {width} × {height}");
            return Err(FunctionError::internal(message));
        }
        #[cfg(target_arch = "wasm32")]
        if let Some(pixels) = super::host::resize(self, width, height)? {
            return Ok(Self { width, height, layout: self.layout, pixels });
        }
        plain::resize(self, width, height)
    }

    /// A JPEG, 4:2:0; `quality` is 1 to 100, and what is beyond is the nearest of them. Of grey or without alpha.
    ///
    /// # Errors
    /// Alpha, a side of more than 65,500 pixels, too much memory: `internal`.
    pub fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, FunctionError> {
        if self.layout == Layout::Rgba {
            return Err(FunctionError::internal("a JPEG has no alpha"));
        }
        let quality = quality.clamp(1, 100);
        #[cfg(target_arch = "wasm32")]
        if let Some(jpeg) = super::host::encode_jpeg(self, quality)? {
            return Ok(jpeg);
        }
        plain::encode_jpeg(self, quality)
    }

    /// A PNG.
    ///
    /// # Errors
    /// Too much memory: `internal`.
    pub fn to_png(&self, effort: Effort) -> Result<Vec<u8>, FunctionError> {
        #[cfg(target_arch = "wasm32")]
        if let Some(png) = super::host::encode_png(self, effort)? {
            return Ok(png);
        }
        plain::encode_png(self, effort)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(width: u32, height: u32, layout: Layout) -> Raster {
        let bytes = width * height * layout.channels();
        Raster::new(width, height, layout, (0..bytes).map(|at| at as u8).collect()).unwrap()
    }

    #[test]
    fn sizes_that_do_not_fit_are_no_pictures() {
        for (width, height, bytes) in [(0, 1, 0), (2, 1, 5), (2, 1, 7), (u32::MAX, u32::MAX, 3)] {
            assert_eq!(Raster::new(width, height, Layout::Rgb, vec![0; bytes]), None);
        }
    }

    #[test]
    fn a_part_is_cut_out_of_its_rows() {
        let picture = numbered(4, 3, Layout::Grey);
        assert_eq!(picture.cropped((1, 1), 2, 2).unwrap().pixels(), [5, 6, 9, 10]);
        for ((x, y), width, height) in [((0, 0), 0, 1), ((3, 0), 2, 1), ((0, 3), 1, 1), ((u32::MAX, 0), 2, 1)]
        {
            assert_eq!(picture.cropped((x, y), width, height), None);
        }
    }

    #[test]
    fn alpha_is_seen_and_taken_away() {
        let mut picture = numbered(2, 1, Layout::Rgba);
        assert!(!picture.is_opaque());
        picture.pixels_mut().chunks_mut(4).for_each(|pixel| pixel[3] = 255);
        assert!(picture.is_opaque() && numbered(1, 1, Layout::Rgb).is_opaque());
        assert_eq!(picture.without_alpha().pixels(), [0, 1, 2, 4, 5, 6]);
    }

    #[test]
    fn what_has_no_form_is_an_error_and_no_panic() {
        assert!(numbered(2, 2, Layout::Rgba).to_jpeg(80).is_err());
        assert!(numbered(2, 2, Layout::Grey).resized(1, 1).is_err());
        assert!(numbered(2, 2, Layout::Rgb).resized(0, 1).is_err());
    }
}

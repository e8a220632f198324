//! One anti-aliased stretch with SIMD.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions};

use super::ImageError;
use super::pixels::Rgb;

/// The resizer with its coefficient buffers.
#[derive(Debug, Default)]
pub(super) struct Resizer(fast_image_resize::Resizer);

impl Resizer {
    /// Stretches `picture` to `width` × `height` with a triangle filter as wide as the reduction needs, which is
    /// what Pillow's `BILINEAR` does.
    pub(super) fn resize(
        &mut self,
        picture: &Rgb,
        width: u32,
        height: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), ImageError> {
        out.clear();
        if (picture.width, picture.height) == (width, height) {
            out.extend_from_slice(picture.bytes());
            return Ok(());
        }
        out.resize(width as usize * height as usize * 3, 0);
        let failed =
            |error: &dyn std::fmt::Display| ImageError::Undecodable(format!("resizing failed: {error}"));
        let source = ImageRef::new(picture.width, picture.height, picture.bytes(), PixelType::U8x3)
            .map_err(|error| failed(&error))?;
        let mut target =
            Image::from_slice_u8(width, height, out, PixelType::U8x3).map_err(|error| failed(&error))?;
        let (extent_x, extent_y) = picture.extent;
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(0.0, 0.0, extent_x, extent_y);
        self.0.resize(&source, &mut target, &options).map_err(|error| failed(&error))
    }
}

//! One anti-aliased stretch with SIMD: across, then down, as Pillow does it. The other order is no faster here, and its
//! rounding differs in every seventh value; quantised models tell the difference.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions};

use super::error::ImageError;
use super::limits::{Memory, product};
use super::pixels::Rgb;

/// Bytes of the resizer's own buffer that are kept from picture to picture.
const MOST_KEPT_BYTES: usize = 4 << 20;

/// The resizer with its coefficient buffers.
#[derive(Debug, Default)]
pub(super) struct Resizer(fast_image_resize::Resizer);

impl Resizer {
    /// Stretches `picture` to `width` × `height` with a triangle filter as wide as the reduction needs, which is
    /// what Pillow's `BILINEAR` does.
    pub(super) fn resize(
        &mut self,
        picture: &Rgb,
        (width, height): (u32, u32),
        memory: &mut Memory,
        out: &mut Vec<u8>,
    ) -> Result<(), ImageError> {
        let length = product(&[width.into(), height.into(), 3]);
        memory.take(length)?;
        out.clear();
        let (extent_x, extent_y) = picture.extent;
        if (extent_x, extent_y) == (f64::from(width), f64::from(height)) {
            out.extend_from_slice(picture.bytes());
            return Ok(());
        }
        memory.take(product(&[width.into(), picture.height.into(), 3]))?;
        memory.take(weights(extent_x, width).saturating_add(weights(extent_y, height)))?;
        out.resize(length, 0);
        let failed =
            |error: &dyn std::fmt::Display| ImageError::Undecodable(format!("resizing failed: {error}"));
        let source = ImageRef::new(picture.width, picture.height, picture.bytes(), PixelType::U8x3)
            .map_err(|error| failed(&error))?;
        let mut across = Image::new(width, picture.height, PixelType::U8x3);
        let mut target =
            Image::from_slice_u8(width, height, out, PixelType::U8x3).map_err(|error| failed(&error))?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        let all_rows = options.crop(0.0, 0.0, extent_x, f64::from(picture.height));
        let all_columns = options.crop(0.0, 0.0, f64::from(width), extent_y);
        let resized = self
            .0
            .resize(&source, &mut across, &all_rows)
            .and_then(|()| self.0.resize(&across, &mut target, &all_columns))
            .map_err(|error| failed(&error));
        if self.0.size_of_internal_buffers() > MOST_KEPT_BYTES {
            self.0.reset_internal_buffers();
        }
        resized
    }

    /// Bytes of the buffers that are kept.
    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        self.0.size_of_internal_buffers()
    }
}

/// The resizer's weights of one direction: for each pixel of the target those of the pixels under its triangle, as
/// floating and as whole numbers.
fn weights(extent: f64, side: u32) -> usize {
    let under_triangle = (extent / f64::from(side)).max(1.0).ceil() as u64 * 2 + 1;
    product(&[side.into(), under_triangle * 12 + 32])
}

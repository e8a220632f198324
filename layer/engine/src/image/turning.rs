//! Pixels as the caller wants them: upright, in the caller's format.

use super::pixels::PixelFormat;
use raster::Orientation;

/// Writes stored pixels (`size` as stored) turned by `orientation` in the caller's format.
pub(super) fn write(
    stored: &[u8],
    (width, height): (u32, u32),
    orientation: Orientation,
    format: PixelFormat,
    out: &mut [u8],
) {
    let (pixels, _) = stored.as_chunks::<3>();
    let bytes = format.pixel_bytes();
    if orientation.is_upright() {
        if format == PixelFormat::Rgb8 {
            out.copy_from_slice(pixels.as_flattened());
            return;
        }
        for (pixel, out) in pixels.iter().zip(out.chunks_exact_mut(bytes)) {
            format.write(*pixel, out);
        }
        return;
    }
    let (upright_width, _) = orientation.upright_size((width, height));
    for (index, pixel) in pixels.iter().enumerate() {
        let (x, y) = (index % width as usize, index / width as usize);
        let (x, y) = orientation.upright_position(x, y, width as usize, height as usize);
        let start = (y * upright_width as usize + x) * bytes;
        if let Some(out) = out.get_mut(start..start + bytes) {
            format.write(*pixel, out);
        }
    }
}

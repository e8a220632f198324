//! From rows as they are stored to the upright picture.

use raster::Orientation;

use crate::pictures::raster::Raster;

pub(super) fn upright(stored: Raster, orientation: Orientation) -> Raster {
    if orientation.is_upright() {
        return stored;
    }
    let (width, height) = (stored.width() as usize, stored.height() as usize);
    let (across, down) = orientation.upright_size((stored.width(), stored.height()));
    let bytes = stored.layout().channels() as usize;
    let mut pixels = vec![0; stored.pixels().len()];
    for (y, row) in stored.pixels().chunks_exact(width * bytes).enumerate() {
        for (x, pixel) in row.chunks_exact(bytes).enumerate() {
            let (x, y) = orientation.upright_position(x, y, width, height);
            let start = (y * across as usize + x) * bytes;
            if let Some(out) = pixels.get_mut(start..start + bytes) {
                out.copy_from_slice(pixel);
            }
        }
    }
    Raster::new(across, down, stored.layout(), pixels).unwrap_or(stored)
}

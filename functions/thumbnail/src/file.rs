//! From pixels to a file with a name.

use kit::pictures::{Effort, Layout, Raster};
use kit::{File, FunctionError};

use crate::options::Options;

/// A JPEG, or a PNG where something shines through.
pub(crate) fn of(size: u32, raster: &Raster, options: &Options) -> Result<File, FunctionError> {
    let (extension, content_type, bytes) = match raster.layout() {
        Layout::Rgba => ("png", "image/png", raster.to_png(Effort::Small)?),
        Layout::Rgb | Layout::Grey => ("jpg", "image/jpeg", raster.to_jpeg(options.quality)?),
    };
    Ok(File { suffix: format!(".thumb-{size}.{extension}"), content_type, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Fit;

    #[test]
    fn the_form_follows_from_the_pixels() {
        let options = Options { sizes: vec![2], fit: Fit::Inside, quality: 80 };
        let of = |layout: Layout| {
            let pixels = vec![90; 4 * layout.channels() as usize];
            of(2, &Raster::new(2, 2, layout, pixels).unwrap(), &options).unwrap()
        };
        let (opaque, transparent) = (of(Layout::Rgb), of(Layout::Rgba));
        assert_eq!((opaque.suffix.as_str(), opaque.content_type), (".thumb-2.jpg", "image/jpeg"));
        assert!(opaque.bytes.starts_with(&[0xFF, 0xD8, 0xFF]));
        assert_eq!((transparent.suffix.as_str(), transparent.content_type), (".thumb-2.png", "image/png"));
        assert!(transparent.bytes.starts_with(b"\x89PNG"));
    }
}

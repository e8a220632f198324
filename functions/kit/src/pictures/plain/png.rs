//! PNG without the host's help: its header, one with alpha, and writing one.

use std::io::Cursor;

use contract::ErrorCode;
use contract::limits::MAX_PICTURE_PIXELS;
use png::{BitDepth, ColorType, Compression, Decoder, Encoder, EncodingError, Limits, Transformations};
use raster::orientation;

use super::header::{Header, long};
use crate::error::FunctionError;
use crate::pictures::raster::{Effort, Layout, Raster};

const SIGNATURE: usize = 8;
const XMP: &[u8] = b"XML:com.adobe.xmp\0\0";

/// Reads the chunks as far as they can be followed (PNG specification, 5.3); None where the first is no header.
pub(super) fn header(png: &[u8]) -> Option<Header> {
    let (mut exif, mut xmp, mut has_profile) = (None, None, false);
    let mut first = None;
    let mut at = SIGNATURE;
    while let (Some(length), Some(name)) = (long(png, at), png.get(at + 4..at + 8)) {
        let length = usize::try_from(length).ok()?;
        let Some(data) = at.checked_add(8).and_then(|start| png.get(start..start.checked_add(length)?))
        else {
            break;
        };
        match name {
            b"IHDR" => first = Some((long(data, 0)?, long(data, 4)?, matches!(data.get(9), Some(4 | 6)))),
            b"tRNS" => first = first.map(|(width, height, _)| (width, height, true)),
            b"iCCP" => has_profile = !data.starts_with(b"sRGB"),
            b"eXIf" => exif = exif.or(Some(data)),
            b"iTXt" => xmp = xmp.or(data.strip_prefix(XMP)),
            b"IEND" => break,
            _ => {}
        }
        first?;
        at += length + 12;
    }
    let (width, height, has_alpha) = first?;
    Some(Header { width, height, orientation: orientation::of(exif, xmp), has_alpha, has_profile })
}

/// Red, green, blue and alpha of a picture that has it.
pub(super) fn decode(png: &[u8]) -> Result<Vec<u8>, FunctionError> {
    let undecodable = |reason: String| {
        FunctionError::new(ErrorCode::UndecodableImage, format!("the PNG can't be decoded: {reason}"))
    };
    let mut decoder = Decoder::new(Cursor::new(png));
    // Rows have their own limit, the picture's pixels.
    decoder.set_limits(Limits { bytes: 64 << 20 });
    decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(|error| undecodable(error.to_string()))?;
    if reader.info().palette.as_deref().is_some_and(|palette| palette.len() % 3 != 0 || palette.len() > 768) {
        return Err(undecodable("its palette is no palette".to_owned()));
    }
    let bytes = reader.output_buffer_size().filter(|bytes| *bytes as u64 <= MAX_PICTURE_PIXELS * 4);
    let bytes = bytes.ok_or_else(|| undecodable("it has too many pixels".to_owned()))?;
    let mut pixels = vec![0; bytes];
    let info = reader.next_frame(&mut pixels).map_err(|error| undecodable(error.to_string()))?;
    pixels.truncate(info.buffer_size());
    Ok(match info.color_type {
        ColorType::GrayscaleAlpha => {
            pixels.chunks_exact(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect()
        }
        _ => pixels,
    })
}

pub(super) fn encode(raster: &Raster, effort: Effort) -> Result<Vec<u8>, FunctionError> {
    let mut out = Vec::new();
    let mut write = || -> Result<(), EncodingError> {
        let mut encoder = Encoder::new(&mut out, raster.width(), raster.height());
        encoder.set_depth(BitDepth::Eight);
        encoder.set_color(match raster.layout() {
            Layout::Grey => ColorType::Grayscale,
            Layout::Rgb => ColorType::Rgb,
            Layout::Rgba => ColorType::Rgba,
        });
        encoder.set_compression(match effort {
            Effort::Fast => Compression::Fast,
            Effort::Small => Compression::Balanced,
        });
        let mut writer = encoder.write_header()?;
        writer.write_image_data(raster.pixels())?;
        writer.finish()
    };
    write().map_err(|error| FunctionError::internal(format!("no PNG could be made: {error}")))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn raster(layout: Layout) -> Raster {
        let pixels = (0..6 * layout.channels()).map(|at| at as u8 * 9).collect();
        Raster::new(3, 2, layout, pixels).unwrap()
    }

    #[test]
    fn what_is_written_has_its_header_and_is_read_again() {
        for (layout, has_alpha) in [(Layout::Grey, false), (Layout::Rgb, false), (Layout::Rgba, true)] {
            for effort in [Effort::Fast, Effort::Small] {
                let png = encode(&raster(layout), effort).unwrap();
                let header = header(&png).unwrap();
                let found = (header.width, header.height, header.has_alpha, header.has_profile);
                assert_eq!(found, (3, 2, has_alpha, false));
                let pixels = decode(&png).unwrap();
                assert_eq!(pixels.len(), 6 * 4);
                assert!(layout != Layout::Rgba || pixels == raster(layout).pixels());
            }
        }
    }

    #[test]
    fn what_is_cut_is_an_error() {
        let png = encode(&raster(Layout::Rgba), Effort::Fast).unwrap();
        assert_eq!(header(&png[..20]), None);
        assert!(header(&png[..40]).is_some(), "its first chunk is there");
        assert!(decode(&png[..40]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..90) {
            let _ = header(&bytes);
            let mut png = encode(&raster(Layout::Rgba), Effort::Fast).unwrap();
            if let (Some(out), Some(byte)) = (png.get_mut(at), bytes.first()) {
                *out = *byte;
            }
            let _ = (header(&png), decode(&png));
        }
    }
}

//! Small pictures of pictures, for people to look at.

use jpeg_encoder::{ColorType, Encoder};

use super::decoder::Decoder;
use super::error::ImageError;
use super::pixels::PixelFormat;
use super::{jpeg, png};

/// Good enough for a picture of the size of a stamp.
const QUALITY: u8 = 80;

/// `encoded` (JPEG or PNG) as a JPEG, upright, with its sides in proportion and at most `side` pixels long; smaller
/// pictures keep their size. Decoding takes at most `most_bytes`.
///
/// # Errors
/// See [`ImageError`].
pub fn thumbnail(encoded: &[u8], side: u16, most_bytes: usize) -> Result<Vec<u8>, ImageError> {
    let (width, height) = if jpeg::is_jpeg(encoded) {
        jpeg::upright_size(encoded)?
    } else if png::is_png(encoded) {
        png::upright_size(encoded)?
    } else {
        return Err(ImageError::Unsupported);
    };
    let (width, height) = (fitted(width, height, side), fitted(height, width, side));
    let mut pixels = vec![0; usize::from(width) * usize::from(height) * 3];
    let mut decoder = Decoder::new(most_bytes);
    decoder.decode_into(encoded, width.into(), height.into(), PixelFormat::Rgb8, &mut pixels)?;
    let mut out = Vec::new();
    Encoder::new(&mut out, QUALITY)
        .encode(&pixels, width, height, ColorType::Rgb)
        .map_err(|error| ImageError::Undecodable(format!("no small picture could be made: {error}")))?;
    Ok(out)
}

/// The length that `this` side gets where the longer of both may have `limit` pixels.
fn fitted(this: u32, other: u32, limit: u16) -> u16 {
    let longest = this.max(other).max(1);
    let limit = u32::from(limit).min(longest);
    // At most `limit`, for `this` is at most `longest`.
    let length = u64::from(this) * u64::from(limit) / u64::from(longest);
    u16::try_from(length).unwrap_or(u16::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../../tests/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn sides_keep_their_proportion_and_are_never_0() {
        assert_eq!((fitted(4000, 3000, 160), fitted(3000, 4000, 160)), (160, 120));
        assert_eq!((fitted(30, 20, 160), fitted(20, 30, 160)), (30, 20));
        assert_eq!((fitted(1, 90_000, 160), fitted(90_000, 1, 160)), (1, 160));
    }

    #[test]
    fn a_small_picture_is_a_jpeg_of_its_picture() {
        for name in ["samples/tomato.jpg", "images/cmyk.jpg", "images/grey-16.png"] {
            let small = thumbnail(&sample(name), 160, 1 << 20).unwrap();
            let (width, height) = jpeg::upright_size(&small).unwrap();
            assert!(width <= 160 && height <= 160 && width.max(height) > 8, "{name}: {width} × {height}");
        }
    }

    #[test]
    fn what_is_no_picture_has_no_small_one() {
        for bytes in [&b""[..], b"GIF89a", b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1a\n"] {
            assert!(thumbnail(bytes, 160, 1 << 20).is_err());
        }
    }
}

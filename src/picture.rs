//! What the first bytes say about a picture: its format, and its size before anything is decoded.

use crate::error::FunctionError;

/// Pixels that a picture may have.
const MAX_PIXELS: u64 = 100_000_000;

/// The formats that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG, any kind.
    Jpeg,
    /// PNG, any kind.
    Png,
}

impl Format {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        }
    }

    /// The format by its first bytes, if it is one that is accepted.
    pub(crate) fn sniff(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\xFF\xD8\xFF") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else {
            None
        }
    }
}

/// Checks that `bytes` are a picture worth decoding.
///
/// # Errors
/// [`FunctionError::Unsupported`] names another format, [`FunctionError::TooLarge`] a picture with too many pixels,
/// [`FunctionError::Undecodable`] one whose header is not whole.
pub(crate) fn check(bytes: &[u8]) -> Result<Format, FunctionError> {
    let format = Format::sniff(bytes).ok_or_else(|| FunctionError::Unsupported(other_format(bytes)))?;
    let size = match format {
        Format::Jpeg => jpeg_size(bytes),
        Format::Png => png_size(bytes),
    };
    let undecodable = |reason: String| FunctionError::Undecodable { format: format.name(), reason };
    let (width, height) = size.ok_or_else(|| undecodable("its header is not whole".to_owned()))?;
    if width == 0 || height == 0 {
        return Err(undecodable(format!("its header says {width} × {height} pixels")));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(FunctionError::TooLarge(format!(
            "the picture has {width} × {height} pixels, accepted are up to {} megapixels",
            MAX_PIXELS / 1_000_000
        )));
    }
    Ok(format)
}

/// Width and height of the IHDR chunk, which must be the first.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    (bytes.get(12..16)? == b"IHDR").then_some((number(16)?, number(20)?))
}

/// Width and height of the first frame header (SOF0 to SOF15, but not DHT, JPG and DAC, which lie between them).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.get(2..)?;
    loop {
        // Any number of 0xFF may stand before a marker.
        let start = rest.iter().position(|&byte| byte != 0xFF)?;
        let (marker, after) = (*rest.get(start)?, rest.get(start + 1..)?);
        match marker {
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let number =
                    |at: usize| Some(u32::from(u16::from_be_bytes(after.get(at..at + 2)?.try_into().ok()?)));
                return Some((number(5)?, number(3)?));
            }
            // Markers without a segment.
            0x01 | 0xD0..=0xD7 => rest = after,
            // The picture's data starts or ends before any frame header.
            0xD8..=0xDA => return None,
            _ => {
                let length = usize::from(u16::from_be_bytes(after.get(..2)?.try_into().ok()?));
                rest = after.get(length.max(2)..)?;
            }
        }
    }
}

/// The name of what is no JPEG and no PNG.
fn other_format(bytes: &[u8]) -> &'static str {
    let brand = bytes.get(4..12).unwrap_or_default();
    match bytes {
        [] => "nothing",
        _ if bytes.starts_with(b"GIF8") => "GIF",
        _ if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => "WebP",
        _ if bytes.starts_with(b"BM") => "BMP",
        _ if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") => "TIFF",
        _ if bytes.starts_with(b"%PDF") => "PDF",
        _ if bytes.starts_with(b"\0\0\x01\0") => "an icon (ICO)",
        _ if matches!(brand, b"ftypavif" | b"ftypavis") => "AVIF",
        _ if matches!(brand, b"ftypheic" | b"ftypheix" | b"ftyphevc" | b"ftypmif1" | b"ftypmsf1") => "HEIC",
        _ if brand.starts_with(b"ftyp") => "a video (MP4)",
        _ if bytes.starts_with(b"\xFF\x0A") || bytes.starts_with(b"\0\0\0\x0CJXL ") => "JPEG XL",
        _ if bytes.starts_with(b"\0\0\0\x0CjP  ") => "JPEG 2000",
        _ => text_or_data(bytes),
    }
}

fn text_or_data(bytes: &[u8]) -> &'static str {
    let start = bytes.get(..512).unwrap_or(bytes);
    let is_text = match std::str::from_utf8(start) {
        Ok(_) => true,
        // A character that the cut split.
        Err(error) => error.error_len().is_none(),
    } && !start.contains(&0);
    let trimmed = start.trim_ascii_start();
    if !is_text {
        "data of an unknown format"
    } else if trimmed.starts_with(b"<svg") {
        "SVG"
    } else if trimmed.starts_with(b"<") {
        "HTML or XML"
    } else {
        "text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png_header(width: u32, height: u32) -> Vec<u8> {
        [
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(),
            &width.to_be_bytes(),
            &height.to_be_bytes(),
            b"\x08\x02\0\0\0",
        ]
        .concat()
    }

    fn jpeg_header(width: u16, height: u16) -> Vec<u8> {
        let comment = b"\xFF\xD8\xFF\xFE\0\x04hi\xFF\xFF\xC4\0\x03x";
        [
            comment.as_slice(),
            b"\xFF\xC2\0\x0B\x08",
            &height.to_be_bytes(),
            &width.to_be_bytes(),
            b"\x01\x01\x11\0",
        ]
        .concat()
    }

    #[test]
    fn jpeg_and_png_are_accepted_up_to_100_megapixels() {
        assert_eq!(check(&png_header(10_000, 10_000)), Ok(Format::Png));
        assert_eq!(check(&jpeg_header(1, 65_500)), Ok(Format::Jpeg));
    }

    #[test]
    fn pictures_with_too_many_pixels_are_refused_by_their_header() {
        let message = check(&png_header(100_000, 100_000)).unwrap_err().to_string();
        assert_eq!(message, "the picture has 100000 × 100000 pixels, accepted are up to 100 megapixels");
        assert!(matches!(check(&jpeg_header(60_000, 60_000)), Err(FunctionError::TooLarge(_))));
    }

    #[test]
    fn headers_without_a_size_are_undecodable() {
        for bytes in
            [&b"\xFF\xD8\xFF"[..], b"\xFF\xD8\xFF\xDA\0\x02", &png_header(0, 5), &png_header(1, 1)[..20]]
        {
            assert!(matches!(check(bytes), Err(FunctionError::Undecodable { .. })), "{bytes:?}");
        }
    }

    #[test]
    fn other_formats_are_named() {
        for (bytes, name) in [
            (&b"GIF89a......"[..], "GIF"),
            (b"RIFF....WEBPVP8 ", "WebP"),
            (b"BM..........", "BMP"),
            (b"\0\0\0\x18ftypheic....", "HEIC"),
            (b"\0\0\0\x18ftypavif....", "AVIF"),
            (b"%PDF-1.7", "PDF"),
            (b"II*\0....", "TIFF"),
            ("héllo".as_bytes(), "text"),
            (b"  <svg xmlns=", "SVG"),
            (b"", "nothing"),
            (b"\x00\x01\x02\x03", "data of an unknown format"),
        ] {
            let message = check(bytes).unwrap_err().to_string();
            assert_eq!(message, format!("found {name}, accepted are JPEG and PNG"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_checked_without_a_panic(start in 0..3, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let start: &[u8] = match start { 0 => b"\xFF\xD8\xFF", 1 => b"\x89PNG\r\n\x1a\n", _ => b"" };
            let _ = check(&[start, &bytes].concat());
        }
    }
}

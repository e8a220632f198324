//! Recognises formats by their first bytes: the accepted ones, and the names of others. The size of a picture and
//! everything else about it is left to the host, which decodes it: two parsers of one format would disagree.

mod boxes;

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

/// Whether `bytes` start as a picture or another file that has a name here; texts don't.
pub(crate) fn is_known(bytes: &[u8]) -> bool {
    Format::sniff(bytes).is_some() || other(bytes).is_some()
}

/// The name of what is no JPEG and no PNG.
pub(crate) fn name(bytes: &[u8]) -> &'static str {
    match other(bytes) {
        _ if bytes.is_empty() => "nothing",
        Some(name) => name,
        None => text_or_data(bytes),
    }
}

/// First bytes and what they stand for.
const SIGNATURES: [(&[u8], &str); 51] = [
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0\x10\0\0\0CR", "a raw photo (Canon CR2)"),
    (b"II*\0", "TIFF or a raw photo (DNG)"),
    (b"MM\0*", "TIFF or a raw photo (DNG)"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"IIRO", "a raw photo (ORF)"),
    (b"IIU\0", "a raw photo (RW2)"),
    (b"FUJIFILMCCD-RAW", "a raw photo (RAF)"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xC5\xD0\xD3\xC6", "PostScript"),
    (b"\xD7\xCD\xC6\x9A", "a drawing (WMF)"),
    (b"8BPS", "a Photoshop file (PSD)"),
    (b"gimp xcf", "a GIMP file (XCF)"),
    (b"icns", "an icon (ICNS)"),
    (b"\xFF\x0A", "JPEG XL"),
    (b"\0\0\0\x0CJXL ", "JPEG XL"),
    (b"\0\0\0\x0CjP  ", "JPEG 2000"),
    (b"\xFF\x4F\xFF\x51", "JPEG 2000"),
    (b"qoif", "QOI"),
    (b"v/1\x01", "OpenEXR"),
    (b"DDS ", "DDS"),
    (b"BLP1", "BLP"),
    (b"BLP2", "BLP"),
    (b"P7\n", "PAM"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"farbfeld", "farbfeld"),
    (b"SIMPLE  =", "FITS"),
    (b"\x01\xDA", "SGI"),
    (b"\x59\xA6\x6A\x95", "a Sun raster"),
    (b"\xB1\x68\xDE\x3A", "PCX"),
    (b"/* XPM */", "XPM"),
    (b"#define ", "XBM or source code"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\x1A\x45\xDF\xA3", "a video (Matroska or WebM)"),
    (b"FLV\x01", "a video (FLV)"),
    (b"\0\0\x01\xBA", "a video (MPEG)"),
    (b"\0\0\x01\xB3", "a video (MPEG)"),
    (b"OggS", "a sound or video (Ogg)"),
    (b"ID3", "a sound (MP3)"),
    (b"\x1F\x8B", "compressed data (gzip)"),
    (b"\x28\xB5\x2F\xFD", "compressed data (Zstandard)"),
    (b"PK\x03\x04", "an archive (ZIP)"),
    (b"7z\xBC\xAF\x27\x1C", "an archive (7z)"),
    (b"Rar!\x1A\x07", "an archive (RAR)"),
    (b"\0asm", "a wasm module"),
];

fn other(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, name)) = SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(name);
    }
    if bytes.starts_with(b"RIFF") {
        return match bytes.get(8..12)? {
            b"WEBP" => Some("WebP"),
            b"AVI " => Some("a video (AVI)"),
            b"WAVE" => Some("a sound (WAV)"),
            _ => None,
        };
    }
    boxes::name(bytes).or_else(|| by_header(bytes))
}

/// Formats whose first bytes would be a word or nothing special, by more of their header.
fn by_header(bytes: &[u8]) -> Option<&'static str> {
    const TARGA_S_END: &[u8] = b"TRUEVISION-XFILE.\0";
    match bytes {
        // No text has the zeros of a bitmap's header.
        [b'B', b'M', rest @ ..] if rest.iter().take(12).any(|&byte| byte == 0) => Some("BMP"),
        // A bitmap without its file's header: the length of its own, its size, one plane.
        [12, 0, 0, 0, _, _, _, _, 1, 0, ..] => Some("BMP"),
        [40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, _, _, _, _, _, _, _, _, 1, 0, ..] => Some("BMP"),
        [b'P', digit @ b'1'..=b'6', rest @ ..] if is_netpbm(rest) => match digit {
            b'1' | b'4' => Some("PBM"),
            b'2' | b'5' => Some("PGM"),
            _ => Some("PPM"),
        },
        // How many there are; a Targa file may have the same first bytes, and zeros then.
        [0, 0, resource_type @ (1 | 2), 0, low, high, ..] if (*low, *high) != (0, 0) => {
            Some(if *resource_type == 1 { "an icon (ICO)" } else { "a mouse pointer (CUR)" })
        }
        [0x0A, 0 | 2..=5, 0 | 1, 1 | 2 | 4 | 8, ..] => Some("PCX"),
        [_, _, _, _, 0x11 | 0x12, 0xAF, ..] => Some("an animation (FLI)"),
        [1, 0, 0, 0, ..] if bytes.get(40..44) == Some(b" EMF") => Some("a drawing (EMF)"),
        // Base64 may have these letters at that place, too.
        _ if bytes.get(128..132) == Some(b"DICM") && !is_text(bytes) => Some("DICOM"),
        _ if bytes.ends_with(TARGA_S_END) || is_targa(bytes) => Some("TGA"),
        _ => None,
    }
}

/// White space and a number or a comment follow the first two letters.
fn is_netpbm(behind: &[u8]) -> bool {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0B;
    let first = behind.iter().find(|byte| !is_space(byte));
    behind.first().is_some_and(is_space) && first.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'#')
}

/// By all of the header that has few values: kinds of palette and picture, the palette's size, the picture's, its depth.
fn is_targa(bytes: &[u8]) -> bool {
    let Some(
        &[
            _,
            palette,
            image_type,
            _,
            _,
            low,
            high,
            depth_of_palette,
            _,
            _,
            _,
            _,
            w,
            w_high,
            h,
            h_high,
            depth,
            flags,
        ],
    ) = bytes.first_chunk()
    else {
        return false;
    };
    let is_palette_right = match palette {
        0 => (low, high, depth_of_palette) == (0, 0, 0) && matches!(image_type, 2 | 3 | 10 | 11),
        1 => {
            (low, high) != (0, 0)
                && matches!(depth_of_palette, 15 | 16 | 24 | 32)
                && matches!(image_type, 1 | 2 | 9 | 10)
        }
        _ => false,
    };
    let has_size = (w, w_high) != (0, 0) && (h, h_high) != (0, 0);
    is_palette_right && has_size && matches!(depth, 8 | 15 | 16 | 24 | 32) && flags & 0b1100_0000 == 0
}

/// Whether `bytes` start as text: UTF-8 without the control characters that no text has.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..512).unwrap_or(bytes);
    let is_utf_8 = match std::str::from_utf8(start) {
        Ok(_) => true,
        // A character that the cut split.
        Err(error) => error.error_len().is_none(),
    };
    is_utf_8 && !start.iter().any(|&byte| byte < b'\t' || (b'\x0E'..b'\x1B').contains(&byte))
}

fn text_or_data(bytes: &[u8]) -> &'static str {
    let start = bytes.get(..512).unwrap_or(bytes);
    let trimmed = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let has = |tag: &[u8]| start.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag));
    if !is_text(bytes) {
        "data of an unknown format"
    } else if !trimmed.starts_with(b"<") {
        "text"
    } else if has(b"<svg") {
        "SVG"
    } else {
        "HTML or XML"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn jpeg_and_png_are_told_by_their_first_bytes() {
        assert_eq!(Format::sniff(b"\xFF\xD8\xFF\xE0 and so on"), Some(Format::Jpeg));
        assert_eq!(Format::sniff(b"\x89PNG\r\n\x1a\n"), Some(Format::Png));
        for bytes in [&b""[..], b"\xFF\xD8", b"\x89PNG\n\x1a\n", b" \xFF\xD8\xFF"] {
            assert_eq!(Format::sniff(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn other_formats_are_named() {
        for (bytes, expected) in [
            (&b"GIF89a......"[..], "GIF"),
            (b"RIFF....WEBPVP8 ", "WebP"),
            (b"RIFF....AVI LIST", "a video (AVI)"),
            (b"BM\x46\0\0\0", "BMP"),
            (b"\0\0\0\x18ftypheic....", "HEIC"),
            (b"%PDF-1.7", "PDF"),
            (b"II*\0\x08\0\0\0", "TIFF or a raw photo (DNG)"),
            (b"II*\0\x10\0\0\0CR\x02\0", "a raw photo (Canon CR2)"),
            (b"8BPS\0\x01", "a Photoshop file (PSD)"),
            (b"\0\0\x01\0\x01\0", "an icon (ICO)"),
            (b"\0\0\0\x0CJXL \r\n\x87\n", "JPEG XL"),
            (b"\x1F\x8B\x08", "compressed data (gzip)"),
            (b"P6\n10 12\n255\n\x01\x02", "PPM"),
            (b"P5 # a comment", "PGM"),
            (b"P4\r\x0B8 8\n", "PBM"),
            (b"P3\n\n", "text"),
            (b"\x7C\0\0\0\x10\0\0\0\x10\0\0\0\x01\0\x18\0", "BMP"),
            (b"\x0C\0\0\0\x10\0\x10\0\x01\0\x18\0", "BMP"),
            (b"\x01\0\0\0\x58\0\0\0................................ EMF", "a drawing (EMF)"),
            (b"P2 is a letter and a digit", "text"),
            (b"\0\0\x02\0\x01\0\x20\x20", "a mouse pointer (CUR)"),
            (b"\0\0\x02\0\0\0\0\0\0\0\0\0\x20\0\x10\0\x18\0...", "TGA"),
            (b"\x1A\x01\x09\0\0\0\x01\x18\0\0\0\0\x20\0\x10\0\x08\x20...", "TGA"),
            (b"\x05what no Targa has at its start, and its end: TRUEVISION-XFILE.\0", "TGA"),
            (b"\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\x10\0\x18\0", "data of an unknown format"),
            (b"\x28\0\0\0\x10\0\0\0\x10\0\0\0\x01\0\x18\0", "BMP"),
            (b"\x0A\x05\x01\x08\0\0", "PCX"),
            (b"\x01\xDA\x01\x01\0\x03", "SGI"),
            (b"\0\x10\0\0\x12\xAF\x01\0", "an animation (FLI)"),
            (b"BMW and other cars", "text"),
            (b"RIFF and other words", "text"),
            ("héllo".as_bytes(), "text"),
            (b"  <svg xmlns=", "SVG"),
            (b"\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- x --><svg>", "SVG"),
            (b"<!doctype html>", "HTML or XML"),
            (b"", "nothing"),
            (b"\x00\x01\x02\x03", "data of an unknown format"),
        ] {
            assert_eq!(name(bytes), expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_name(start in "(|II|ftyp|RIFF|BM)", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(!name(&[start.as_bytes(), &bytes].concat()).is_empty());
        }

        #[test]
        fn texts_of_events_are_no_files(text in "[ \n]{0,2}[{\\[\"a-z-][ -~é]{0,30}") {
            prop_assume!(!["icns", "qoif", "gimp"].iter().any(|start| text.starts_with(start)));
            prop_assert!(!is_known(text.as_bytes()));
        }
    }
}

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
const SIGNATURES: [(&[u8], &str); 36] = [
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
    (b"8BPS", "a Photoshop file (PSD)"),
    (b"gimp xcf", "a GIMP file (XCF)"),
    (b"\0\0\x01\0", "an icon (ICO)"),
    (b"\0\0\x02\0", "a mouse pointer (CUR)"),
    (b"icns", "an icon (ICNS)"),
    (b"\xFF\x0A", "JPEG XL"),
    (b"\0\0\0\x0CJXL ", "JPEG XL"),
    (b"\0\0\0\x0CjP  ", "JPEG 2000"),
    (b"\xFF\x4F\xFF\x51", "JPEG 2000"),
    (b"qoif", "QOI"),
    (b"v/1\x01", "OpenEXR"),
    (b"DDS ", "DDS"),
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
    // Two letters would be a word, too: no text has the zeros of a bitmap's header.
    if bytes.starts_with(b"BM")
        && bytes.get(2..).is_some_and(|rest| rest.iter().take(12).any(|&byte| byte == 0))
    {
        return Some("BMP");
    }
    boxes::kind(bytes)
}

fn text_or_data(bytes: &[u8]) -> &'static str {
    let start = bytes.get(..512).unwrap_or(bytes);
    let is_text = match std::str::from_utf8(start) {
        Ok(_) => true,
        // A character that the cut split.
        Err(error) => error.error_len().is_none(),
    } && !start.iter().any(|&byte| byte < b'\t' || (b'\x0E'..b'\x1B').contains(&byte));
    let trimmed = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let has = |tag: &[u8]| start.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag));
    if !is_text {
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

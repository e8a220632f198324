//! What bytes are that come without a type, by their start. Nothing is decoded.

/// How pictures begin, and their types.
const STARTS: [(&[u8], &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xFF\xD8\xFF", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
];

/// The type of bytes that are no text; None for text.
pub(super) fn of_binary(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, content_type)) = STARTS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(content_type);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let is_text = std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
    (!is_text).then_some("application/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_start_and_text_is_none() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0"[..], Some("image/png")),
            (b"\xFF\xD8\xFF\xE0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\x04\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\xFF\xD8", Some("application/octet-stream")),
            (b"a\0b", Some("application/octet-stream")),
            ("Lemon: 97.00%\n番茄".as_bytes(), None),
            (b"", None),
        ] {
            assert_eq!(of_binary(bytes), expected, "{bytes:?}");
        }
    }
}

//! Types of answers: what bytes are that come without one, by their start (nothing is decoded); and which types a module's answer may
//! have, which are data and pictures, nothing that a browser would run or lay out as a document.

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

/// Types without parameters, in lower case.
const ALLOWED: [&str; 10] = [
    "application/json",
    "application/octet-stream",
    "application/problem+json",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
];

/// What any other answer is.
const OTHER: &str = "application/octet-stream";

/// The type that an answer gets which a module calls `told`.
pub(super) fn allowed(told: &str) -> &str {
    let essence = told.split(';').next().unwrap_or_default().trim();
    // A comma would begin a second type, which some clients would take.
    let is_allowed =
        ALLOWED.iter().any(|allowed| essence.eq_ignore_ascii_case(allowed)) && !told.contains(',');
    if is_allowed { told } else { OTHER }
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

    #[test]
    fn data_and_pictures_keep_their_type_and_documents_lose_it() {
        for told in ["image/png", "IMAGE/JPEG", "text/plain; charset=utf-8", "application/json;charset=utf-8"]
        {
            assert_eq!(allowed(told), told);
        }
        for told in [
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/xml",
            "",
            "png",
            "text/plain, text/html",
        ] {
            assert_eq!(allowed(told), OTHER, "{told}");
        }
    }
}

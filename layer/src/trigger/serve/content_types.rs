//! The types that a module's answer may have: data and pictures, nothing that a browser would run or lay out as a document.

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

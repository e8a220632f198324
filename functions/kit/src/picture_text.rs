//! How the texts begin that stand for pictures: base64 and data URLs.

/// How texts of pictures begin: data URLs, and base64 of JPEG, PNG, GIF and WebP, also with `%XX` or in the URL-safe
/// alphabet.
const PICTURE_TEXTS: [&str; 10] =
    ["data:", "data%3a", "/9j/", "_9j_", "\\/9j\\/", "%2f9j%2f", "ivborw", "r0lgod", "uklgr", "%89png"];

/// Whether `text` begins as the text of a picture.
pub(crate) fn is_picture_text(text: &str) -> bool {
    let begins = |start: &str| text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    PICTURE_TEXTS.iter().any(|start| begins(start))
}

/// Whether `text` begins as a data URL.
pub(crate) fn is_data_url(text: &str) -> bool {
    let begins = |start: &str| text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    begins("data:") || begins("data%3A")
}

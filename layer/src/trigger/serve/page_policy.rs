//! What the page may load, and where it may go.

use axum::http::HeaderValue;

/// Only what comes from here may run or be shown; the photo itself is a blob or a data URL. Requests may also go to
/// `uploads`, the origin of the bucket that takes them.
pub(super) fn policy(uploads: Option<&str>) -> HeaderValue {
    let uploads = uploads.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; \
         connect-src 'self'{uploads}; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    // An origin is a part of a URL, which has no byte that a header can't have.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

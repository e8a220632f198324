//! What a fuzz target reaches of this module (fuzz/targets/multipart.rs); only in builds for fuzzing.

use axum::http::HeaderMap;
use bytes::Bytes;

use super::forms::{Content, Wishes};

/// The event for a request with these headers and this body, as the module would get it.
///
/// # Errors
/// Status and message of the problem that the client would get.
pub async fn event_of(headers: &HeaderMap, body: Bytes) -> Result<Bytes, (u16, String)> {
    let content =
        Content::find(headers, body).await.map_err(|problem| (problem.code.status(), problem.message))?;
    Ok(content.to_event(&Wishes::default()))
}

//! What every request and every answer has in common: an id, a log line, a count, headers.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use super::service::Service;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An id of more than this is not taken over from the caller.
const MAX_ID_BYTES: usize = 64;

pub(super) async fn identify_and_log(
    State(service): State<Arc<Service>>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = id(&request);
    let method = request.method().clone();
    let route = matched.map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    service.metrics.count(&route, status);
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::info!(%method, route, status, milliseconds, "answered"));
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if service.is_ending() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The caller's id, where it can stand in logs, else one of ours.
fn id(request: &Request) -> HeaderValue {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    let given = request.headers().get(REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        (1..=MAX_ID_BYTES).contains(&bytes.len()) && bytes.iter().all(is_plain)
    });
    let ours = || HeaderValue::try_from(uuid::Uuid::new_v4().to_string());
    given.cloned().or_else(|| ours().ok()).unwrap_or(HeaderValue::from_static("none"))
}

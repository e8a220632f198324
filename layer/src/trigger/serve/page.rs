//! The page: the files of `web/`, which are part of the program.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::ErrorCode;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::Problem;
use super::service::Service;

/// All files in `web/`.
#[derive(RustEmbed)]
#[folder = "../web"]
struct Files;

/// Nothing but the camera, which the page can use, is for pages of ours.
const PERMISSIONS: &str = "camera=(self), microphone=(), geolocation=()";

pub(super) async fn index(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    file("index.html", &headers, &service.page_policy)
}

pub(super) async fn history(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    file("history.html", &headers, &service.page_policy)
}

pub(super) async fn asset(
    State(service): State<Arc<Service>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    match path {
        Ok(Path(path)) => file(&path, &headers, &service.page_policy),
        Err(_) => no_file(),
    }
}

fn file(path: &str, request: &HeaderMap, policy: &HeaderValue) -> Response {
    let Some(EmbeddedFile { data, metadata }) = Files::get(path) else {
        return no_file();
    };
    let tag = tag(&metadata.sha256_hash());
    let is_known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type(metadata.mimetype()))], Body::from(data)).into_response()
    };
    let headers = response.headers_mut();
    // The files change with the program: asked for each time, sent again only when they changed.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    response
}

fn no_file() -> Response {
    Problem::new(ErrorCode::NotFound, "the page has no such file").into_response()
}

/// The first half of the content's sha256, as an entity tag.
fn tag(sha256: &[u8; 32]) -> String {
    let digits = hex::encode(&sha256[..16]);
    format!("\"{digits}\"")
}

fn content_type(mime: &str) -> String {
    if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime.to_owned() }
}

//! `/v1/history`: pages of what was recognised, and forgetting it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use contract::{ErrorBody, ErrorCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::Problem;
use super::service::Service;
use crate::history::{Cursor, Entry, EntryId, History, HistoryError, PageQuery, Search, Seen};

/// Entries of one page, at most.
const MAX_ENTRIES: u32 = 100;

/// Characters of a search, at most.
const MAX_SEARCH_CHARACTERS: usize = 100;

/// Which entries are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// Entries of a page, 1 to 100.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: u32,
    /// `next` of the page before.
    before: Option<Cursor>,
    /// Only entries with a label that contains this, in upper or lower case.
    #[param(max_length = 100)]
    label: Option<String>,
}

fn usual_limit() -> u32 {
    20
}

/// A page of the history, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HistoryPage {
    entries: Vec<HistoryEntry>,
    /// `before` of the following page; null on the last one.
    #[schema(required)]
    next: Option<Cursor>,
}

/// A recognition that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HistoryEntry {
    id: EntryId,
    /// When it was answered (RFC 3339).
    #[schema(format = DateTime, example = "2026-11-21T08:00:00.000Z")]
    time: String,
    /// The model that was asked, where it is known.
    #[schema(required)]
    model: Option<String>,
    predictions: Vec<Seen>,
    /// Of the picture's bytes as they came, in hexadecimal digits.
    #[schema(min_length = 64, max_length = 64)]
    sha256: String,
    /// Where the small picture is.
    thumbnail: String,
}

impl From<Entry> for HistoryEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            time: humantime::format_rfc3339_millis(entry.time).to_string(),
            model: entry.model,
            predictions: entry.predictions,
            sha256: entry.sha256,
            thumbnail: format!("/v1/history/{}/thumbnail", entry.id),
        }
    }
}

fn history(service: &Service) -> Result<&History, Problem> {
    service.history.as_ref().ok_or_else(|| {
        Problem::new(ErrorCode::NotFound, "nothing is kept here: start the service with --history")
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unavailable(error: HistoryError) -> Problem {
    tracing::error!(%error, "the history can't be used");
    Problem::new(ErrorCode::Overloaded, "the history can't be reached at the moment; come again")
}

fn no_entry() -> Problem {
    Problem::new(ErrorCode::NotFound, "the history has no such entry")
}

/// Lists what was recognised, newest first.
#[utoipa::path(get, path = "/v1/history", operation_id = "listHistory", params(HistoryQuery), responses(
    (status = 200, description = "A page of entries", body = HistoryPage),
    (status = 400, description = "A parameter makes no sense", body = ErrorBody),
    (status = 403, description = "Another host or origin than the service's own", body = ErrorBody),
    (status = 404, description = "The history is off", body = ErrorBody),
    (status = 503, description = "The history can't be reached", body = ErrorBody)))]
pub(super) async fn list(
    State(service): State<Arc<Service>>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let history = history(&service)?;
    let bad = |message: String| Problem::new(ErrorCode::BadRequest, message);
    let Query(HistoryQuery { limit, before, label }) = query.map_err(|error| bad(error.body_text()))?;
    if !(1..=MAX_ENTRIES).contains(&limit) {
        return Err(bad(format!("limit is {limit}, accepted are 1 to {MAX_ENTRIES}")));
    }
    if label.as_ref().is_some_and(|label| label.chars().count() > MAX_SEARCH_CHARACTERS) {
        return Err(bad(format!("label has more than {MAX_SEARCH_CHARACTERS} characters")));
    }
    if label.as_ref().is_some_and(|label| label.contains('\0')) {
        return Err(bad("label has a character of number 0, which no label has".to_owned()));
    }
    let search = label.as_deref().and_then(Search::new);
    let page =
        history.page(&PageQuery { limit, after: before, search }).await.map_err(|error| match error {
            HistoryError::Cursor(_) => bad(format!("before: {error}")),
            error => unavailable(error),
        })?;
    let entries = page.entries.into_iter().map(HistoryEntry::from).collect();
    Ok((NO_STORE, Json(HistoryPage { entries, next: page.next })))
}

/// Forgets everything.
#[utoipa::path(delete, path = "/v1/history", operation_id = "clearHistory", responses(
    (status = 204, description = "All is forgotten"),
    (status = 403, description = "Another host or origin than the service's own", body = ErrorBody),
    (status = 404, description = "The history is off", body = ErrorBody),
    (status = 503, description = "The history can't be reached", body = ErrorBody)))]
pub(super) async fn clear(State(service): State<Arc<Service>>) -> Result<StatusCode, Problem> {
    history(&service)?.clear().await.map_err(unavailable)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets one entry.
#[utoipa::path(delete, path = "/v1/history/{id}", operation_id = "deleteEntry",
    params(("id" = EntryId, Path, description = "The entry")), responses(
    (status = 204, description = "The entry is forgotten"),
    (status = 403, description = "Another host or origin than the service's own", body = ErrorBody),
    (status = 404, description = "No such entry, or the history is off", body = ErrorBody),
    (status = 503, description = "The history can't be reached", body = ErrorBody)))]
pub(super) async fn delete(
    State(service): State<Arc<Service>>,
    id: Result<Path<EntryId>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let history = history(&service)?;
    let Path(id) = id.map_err(|_| no_entry())?;
    let was_there = history.delete(id).await.map_err(unavailable)?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(no_entry()) }
}

/// The small picture of an entry.
#[utoipa::path(get, path = "/v1/history/{id}/thumbnail", operation_id = "thumbnail",
    params(("id" = EntryId, Path, description = "The entry")), responses(
    (status = 200, description = "The picture, at most 160 pixels wide and high", content_type = "image/jpeg", body = Vec<u8>),
    (status = 403, description = "Another host or origin than the service's own", body = ErrorBody),
    (status = 404, description = "No such entry, or the history is off", body = ErrorBody),
    (status = 503, description = "The history can't be reached", body = ErrorBody)))]
pub(super) async fn thumbnail(
    State(service): State<Arc<Service>>,
    id: Result<Path<EntryId>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    let history = history(&service)?;
    let Path(id) = id.map_err(|_| no_entry())?;
    let jpeg = history.thumbnail(id).await.map_err(unavailable)?.ok_or_else(no_entry)?;
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    // An entry never changes, but it may be deleted and must then be gone.
    Ok(([content_type, (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))], jpeg))
}

const NO_STORE: [(header::HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

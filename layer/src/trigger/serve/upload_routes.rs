//! `/v1/uploads`: places for pictures in a bucket, and what became of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use contract::ErrorBody;

use super::problem::Problem;
use super::service::Service;
use crate::trigger::objects::s3::S3;
use crate::trigger::objects::{
    NewUpload, NewUploadJson, Refusal, UploadProgress, UploadTicket, Uploads, no_uploads,
};

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

fn problem((code, message): Refusal) -> Problem {
    Problem::new(code, message)
}

fn uploads(service: &Service) -> Result<&Uploads<S3>, Problem> {
    service.uploads.as_ref().ok_or_else(|| problem(no_uploads()))
}

/// Gives a place for a picture, past this service and its limit for bodies.
#[utoipa::path(post, path = "/v1/uploads", operation_id = "newUpload", request_body = NewUploadJson, responses(
    (status = 201, description = "Where the picture goes, and how", body = UploadTicket),
    (status = 400, description = "The body is not as expected", body = ErrorBody),
    (status = 403, description = "Another host or origin than the service's own", body = ErrorBody),
    (status = 404, description = "There are no uploads here", body = ErrorBody),
    (status = 408, description = "The body did not come in time", body = ErrorBody),
    (status = 413, description = "The picture or the body is too large", body = ErrorBody),
    (status = 415, description = "Neither JPEG nor PNG", body = ErrorBody),
    (status = 503, description = "Uploads can't be used at the moment", body = ErrorBody)))]
pub(super) async fn place(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<impl IntoResponse, Problem> {
    let uploads = uploads(&service)?;
    let (head, body) = request.into_parts();
    let received = service.bodies.read(&head.headers, body).await?;
    let new = NewUpload::parse(&received.bytes).map_err(problem)?;
    let ticket = uploads.place(&new, "/v1/uploads").await.map_err(problem)?;
    Ok((StatusCode::CREATED, NO_STORE, Json(ticket)))
}

/// Tells what became of an upload.
#[utoipa::path(get, path = "/v1/uploads/{id}", operation_id = "upload",
    params(("id" = String, Path, description = "The upload's name")), responses(
    (status = 200, description = "What is on the picture, or why nobody can tell", body = UploadProgress),
    (status = 202, description = "The picture is not there yet, or not recognised yet", body = UploadProgress),
    (status = 403, description = "Another host than the service's own", body = ErrorBody),
    (status = 404, description = "There is no such upload, or there are no uploads here", body = ErrorBody),
    (status = 503, description = "The bucket can't be reached", body = ErrorBody)))]
pub(super) async fn progress(
    State(service): State<Arc<Service>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    let uploads = uploads(&service)?;
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let progress = uploads.progress(&id).await.map_err(problem)?;
    let status = StatusCode::from_u16(progress.http_status()).unwrap_or(StatusCode::OK);
    Ok((status, NO_STORE, Json(progress)))
}

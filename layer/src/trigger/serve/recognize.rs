//! `POST /v1/recognize`: a picture in, its labels out.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use contract::{ErrorBody, ErrorCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::call::call;
use super::cloud_event_schema::{CloudEventBatch, CloudEventJson};
use super::problem::Problem;
use super::service::Service;
use crate::trigger::recognition::Recognition;

/// What is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RecognizeQuery {
    /// How many labels; 3 without it.
    #[param(value_type = Option<u32>, minimum = 1, example = 3)]
    #[expect(dead_code, reason = "only describes what is accepted, once")]
    top: Option<String>,
    /// The language of the labels; without it `Accept-Language` decides.
    #[param(example = "en")]
    #[expect(dead_code, reason = "only describes what is accepted, once")]
    lang: Option<String>,
    /// The function or its model, where there are several (`GET /v1/functions`); `recognize`, or the first one, without it.
    #[param(example = "groceries")]
    model: Option<String>,
}

/// A form with a picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is accepted")]
pub(super) struct ImageForm {
    /// The picture.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// JSON with a picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what is accepted")]
pub(super) struct ImageJson {
    /// Base64 of the picture, or a data URL.
    image: String,
}

/// Names what is on a picture.
#[utoipa::path(
    post, path = "/v1/recognize", operation_id = "recognize", params(RecognizeQuery),
    request_body(
        description = "The picture: JPEG or PNG as it is, a form with a file, base64, a data URL, or JSON with either.",
        content(
            (String = "image/jpeg"), (String = "image/png"), (String = "application/octet-stream"),
            (ImageForm = "multipart/form-data"), (String = "text/plain"),
            (ImageJson = "application/json"), (CloudEventJson = "application/cloudevents+json"),
            (CloudEventBatch = "application/cloudevents-batch+json"),
        ),
    ),
    responses(
        (status = 200, description = "The likeliest labels", content(
            (Recognition = "application/json"), (String = "text/plain"), (CloudEventJson = "application/cloudevents+json"),
            (CloudEventBatch = "application/cloudevents-batch+json"))),
        (status = 204, description = "A CloudEvent that has no answer"),
        (status = 400, description = "The body or a parameter makes no sense", body = ErrorBody),
        (status = 403, description = "Another host or origin than the service's own", body = ErrorBody),
        (status = 404, description = "A CloudEvent tells of an object that is not there", body = ErrorBody),
        (status = 408, description = "The body did not come in time", body = ErrorBody),
        (status = 413, description = "The body or the picture is too large", body = ErrorBody),
        (status = 415, description = "Neither JPEG nor PNG", body = ErrorBody),
        (status = 422, description = "The picture is damaged", body = ErrorBody),
        (status = 500, description = "A fault of the service", body = ErrorBody),
        (status = 503, description = "Too many requests wait; come again after `retry-after` seconds", body = ErrorBody),
        (status = 504, description = "The recognition took too long", body = ErrorBody),
    )
)]
pub(super) async fn recognize(
    State(service): State<Arc<Service>>,
    query: Result<Query<RecognizeQuery>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::new(ErrorCode::BadRequest, error.body_text()))?;
    let function = match &query.model {
        Some(model) => service.functions.with_model(model)?,
        None => service.functions.recognizer().ok_or_else(|| {
            let addresses = service.functions.addresses();
            Problem::new(ErrorCode::NotFound, format!("nothing is recognised here; accepted are {addresses}"))
        })?,
    };
    call(&service, function, request).await
}

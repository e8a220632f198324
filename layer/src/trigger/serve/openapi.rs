//! `GET /openapi.json`: the interface as OpenAPI 3.1, from the types that answer.

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use utoipa::OpenApi;

use super::{history_routes, recognize, status, upload_routes};

#[derive(OpenApi)]
#[openapi(
    info(title = "wasm-vision", description = "Names what is on a picture.", license(name = "Apache-2.0")),
    paths(
        recognize::recognize,
        status::status,
        history_routes::list,
        history_routes::clear,
        history_routes::delete,
        history_routes::thumbnail,
        upload_routes::place,
        upload_routes::progress,
    )
)]
struct Document;

pub(super) async fn answer() -> impl IntoResponse {
    // Plain data without maps of odd keys: nothing can fail.
    let text = Document::openapi().to_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text)
}

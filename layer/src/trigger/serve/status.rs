//! What machines ask: what this service is, whether it is alive and ready, and its metrics.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::metrics;
use super::service::Service;

/// What this service is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Status {
    /// The name of the model that is asked where no other is named, if its function tells it.
    #[schema(example = "groceries")]
    model: Option<String>,
    /// The runtime's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Whether recognised pictures are kept.
    history: bool,
    /// Whether pictures can be put into a bucket (`POST /v1/uploads`).
    uploads: bool,
}

/// Says what this service is.
#[utoipa::path(get, path = "/v1/status", operation_id = "status", responses(
    (status = 200, description = "What this service is", body = Status),
    (status = 403, description = "Another host than the service's own", body = contract::ErrorBody)))]
pub(super) async fn status(State(service): State<Arc<Service>>) -> Json<Status> {
    Json(Status {
        model: service.functions.recognizer().and_then(|function| function.model.clone()),
        version: env!("CARGO_PKG_VERSION"),
        history: service.history.is_some(),
        uploads: service.uploads.is_some(),
    })
}

/// That the process runs.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Whether requests should be sent here.
pub(super) async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, String) {
    if service.is_ending() {
        return (StatusCode::SERVICE_UNAVAILABLE, "ending\n".to_owned());
    }
    let without_workers = service.functions.iter().filter(|function| function.alive() == 0);
    let names: Vec<&str> = without_workers.map(|function| function.name.as_str()).collect();
    if names.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    let of = if service.functions.iter().count() > 1 {
        format!(" of {}", names.join(", "))
    } else {
        String::new()
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("no worker{of} is alive\n"))
}

/// Counts and times, for Prometheus.
pub(super) async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    let text = service.metrics.text(&service.functions);
    ([(header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE))], text)
}

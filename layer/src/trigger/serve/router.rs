//! Which address is answered by whom.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::{delete, get};
use axum::{Json, Router, middleware};
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};
use utoipa::ToSchema;

use super::problem::Problem;
use super::recognize::recognize;
use super::service::Service;
use super::{callers, history_routes, metrics, openapi, page, requests};
use crate::error::ErrorCode;

pub(super) fn router(service: &Arc<Service>) -> Router {
    let router = Router::new()
        .route("/", get(page::index).post(recognize))
        .route("/v1/recognize", axum::routing::post(recognize))
        .route("/v1/status", get(status))
        .route("/v1/history", get(history_routes::list).delete(history_routes::clear))
        .route("/v1/history/{id}", delete(history_routes::delete))
        .route("/v1/history/{id}/thumbnail", get(history_routes::thumbnail))
        .route("/history", get(page::history))
        .route("/assets/{*path}", get(page::asset))
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi::answer))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(service));
    let router = match cors(&service.cors_origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(middleware::from_fn_with_state(Arc::clone(service), callers::check))
        .layer(CatchPanicLayer::custom(|_| {
            Problem::new(ErrorCode::Internal, "a fault on our side").into_response()
        }))
        .layer(middleware::from_fn_with_state(Arc::clone(service), requests::accompany))
}

/// What this service is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Status {
    /// The model's name, where the module tells it.
    #[schema(example = "groceries")]
    model: Option<String>,
    /// The runtime's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Whether recognised pictures are kept.
    history: bool,
}

/// Says what this service is.
#[utoipa::path(get, path = "/v1/status", operation_id = "status", responses(
    (status = 200, description = "What this service is", body = Status),
    (status = 403, description = "Another host than the service's own", body = contract::ErrorBody)))]
pub(super) async fn status(State(service): State<Arc<Service>>) -> Json<Status> {
    let history = service.history.is_some();
    Json(Status { model: service.model.clone(), version: env!("CARGO_PKG_VERSION"), history })
}

async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    if service.is_ending() {
        (StatusCode::SERVICE_UNAVAILABLE, "ending\n")
    } else if service.workers.alive() == 0 {
        (StatusCode::SERVICE_UNAVAILABLE, "no worker is alive\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    let text = service.metrics.text(&service.admission, service.bodies.held_bytes(), &service.workers);
    ([(header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE))], text)
}

async fn not_found(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(100).collect();
    Problem::new(ErrorCode::NotFound, format!("nothing is at {path:?}; pictures go to POST /v1/recognize"))
}

async fn method_not_allowed(method: Method) -> Problem {
    let message = format!("{method} is not what this address takes; see the header allow");
    Problem::new(ErrorCode::MethodNotAllowed, message)
}

/// Lets pages of these origins read the answers; nobody's without any.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::from(Any)
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let exposed = [HeaderName::from_static("server-timing"), HeaderName::from_static("x-request-id")];
    let methods = [Method::GET, Method::POST, Method::DELETE];
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods(methods)
            .allow_headers(Any)
            .expose_headers(exposed),
    )
}

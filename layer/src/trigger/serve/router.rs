//! Which address is answered by whom.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, Method, Uri};
use axum::response::IntoResponse;
use axum::routing::{delete, get};
use axum::{Router, middleware};
use contract::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use super::problem::Problem;
use super::recognize::recognize;
use super::service::Service;
use super::{callers, history_routes, openapi, page, requests, status, upload_routes};

pub(super) fn router(service: &Arc<Service>) -> Router {
    let router = Router::new()
        .route("/", get(page::index).post(recognize))
        .route("/v1/recognize", axum::routing::post(recognize))
        .route("/v1/status", get(status::status))
        .route("/v1/history", get(history_routes::list).delete(history_routes::clear))
        .route("/v1/history/{id}", delete(history_routes::delete))
        .route("/v1/history/{id}/thumbnail", get(history_routes::thumbnail))
        .route("/v1/uploads", axum::routing::post(upload_routes::place))
        .route("/v1/uploads/{id}", get(upload_routes::progress))
        .route("/history", get(page::history))
        .route("/assets/{*path}", get(page::asset))
        .route("/healthz", get(status::alive))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/openapi.json", get(openapi::answer))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(service));
    let router = match cors(&service.cors_origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(middleware::from_fn_with_state(Arc::clone(&service.callers), callers::check))
        .layer(CatchPanicLayer::custom(|_| {
            Problem::new(ErrorCode::Internal, "a fault on our side").into_response()
        }))
        .layer(middleware::from_fn_with_state(Arc::clone(service), requests::identify_and_log))
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

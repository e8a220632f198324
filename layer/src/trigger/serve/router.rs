//! Which address is answered by whom.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Router, middleware};
use contract::ErrorCode;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use super::call::call;
use super::function::Function;
use super::functions::RECOGNIZE;
use super::problem::Problem;
use super::recognize::recognize;
use super::service::Service;
use super::{callers, function_routes, history_routes, openapi, page, requests, status, upload_routes};

pub(super) fn router(service: &Arc<Service>) -> Router {
    let mut router = Router::new()
        .route("/", get(page::index).post(recognize))
        .route("/v1/recognize", post(recognize))
        .route("/v1/functions", get(function_routes::list))
        .route("/v1/status", get(status::status))
        .route("/v1/history", get(history_routes::list).delete(history_routes::clear))
        .route("/v1/history/{id}", delete(history_routes::delete))
        .route("/v1/history/{id}/thumbnail", get(history_routes::thumbnail))
        .route("/v1/uploads", post(upload_routes::place))
        .route("/v1/uploads/{id}", get(upload_routes::progress))
        .route("/history", get(page::history))
        .route("/assets/{*path}", get(page::asset))
        .route("/healthz", get(status::alive))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/openapi.json", get(openapi::answer))
        .fallback(not_found);
    for function in service.functions.iter().filter(|function| function.name != RECOGNIZE) {
        router = router.route(&function.path(), post(of_function(function)));
    }
    // Only holds for addresses that are there already.
    let router = router.method_not_allowed_fallback(method_not_allowed).with_state(Arc::clone(service));
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

/// What answers requests for a function.
fn of_function(
    function: &Arc<Function>,
) -> impl Fn(State<Arc<Service>>, Request) -> BoxFuture<'static, Result<Response, Problem>> + Clone + use<> {
    let function = Arc::clone(function);
    move |State(service), request| {
        let function = Arc::clone(&function);
        async move { call(&service, &function, request).await }.boxed()
    }
}

async fn not_found(State(service): State<Arc<Service>>, uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(100).collect();
    let addresses = service.functions.addresses();
    Problem::new(ErrorCode::NotFound, format!("nothing is at {path:?}; pictures go to {addresses}"))
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

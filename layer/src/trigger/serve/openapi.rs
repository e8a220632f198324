//! `GET /openapi.json`: the interface as OpenAPI 3.1, from the types that answer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use contract::about::Answers;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, PathItem, RefOr};

use super::function::Function;
use super::functions::RECOGNIZE;
use super::service::Service;
use super::{function_routes, history_routes, recognize, status, upload_routes};

#[derive(OpenApi)]
#[openapi(
    info(title = "wasm-vision", description = "Names what is on a picture.", license(name = "Apache-2.0")),
    paths(
        recognize::recognize,
        function_routes::list,
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

/// The interface of this service, with the functions that it has.
pub(super) async fn answer(State(service): State<Arc<Service>>) -> impl IntoResponse {
    let mut document = Document::openapi();
    let recognize = document.paths.paths.get("/v1/recognize").and_then(|item| item.post.clone());
    for function in service.functions.iter().filter(|function| function.name != RECOGNIZE) {
        let mut item = PathItem::default();
        item.post = recognize.clone().map(|operation| of_function(operation, function));
        document.paths.paths.insert(function.path(), item);
    }
    // Plain data without maps of odd keys: nothing can fail.
    let text = document.to_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text)
}

/// How a function is called: as the recognizer is, and what it answers is of its own kind.
fn of_function(mut operation: Operation, function: &Function) -> Operation {
    let title = function.title.as_ref().map_or(function.name.as_str(), |title| title.en.as_str());
    operation.operation_id = Some(format!("call-{}", function.name));
    operation.summary = Some(format!("{title}: {} for a picture.", kind(function.answers)));
    // Which of them a function takes is its own matter.
    operation.parameters = match function.answers {
        Answers::Labels => operation
            .parameters
            .map(|parameters| parameters.into_iter().filter(|parameter| parameter.name != "model").collect()),
        _ => None,
    };
    if function.answers == Answers::Labels {
        return operation;
    }
    let types: &[&str] = match function.answers {
        Answers::Picture => &["image/png", "image/jpeg"],
        _ => &["application/json", "text/plain"],
    };
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
        response.description = format!("What {} answers: {}", function.name, kind(function.answers));
        response.content = types.iter().map(|kind| ((*kind).to_owned(), Content::default())).collect();
    }
    operation
}

fn kind(answers: Answers) -> &'static str {
    match answers {
        Answers::Labels => "the likeliest labels",
        Answers::Picture => "another picture",
        Answers::Other => "something of its own",
    }
}

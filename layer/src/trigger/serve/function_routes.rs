//! `GET /v1/functions`: what this service can do with a picture.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::ErrorBody;
use serde::Serialize;
use utoipa::ToSchema;

use super::function::Function;
use super::service::Service;

/// The functions of this service.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FunctionList {
    /// In the order in which they were named at the start.
    functions: Vec<FunctionEntry>,
}

/// A function of this service.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FunctionEntry {
    /// Its name.
    #[schema(example = "recognize")]
    name: String,
    /// Where pictures go (POST).
    #[schema(example = "/v1/recognize")]
    path: String,
    /// What it answers.
    answers: AnswerKind,
    /// The model's name, where the function tells it.
    #[schema(required, example = "groceries")]
    model: Option<String>,
    /// What people call it, where that is known.
    #[schema(required)]
    title: Option<FunctionTitle>,
}

/// What a function answers a picture with.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum AnswerKind {
    /// The things that it may show, with probabilities.
    Labels,
    /// Another picture.
    Picture,
    /// Something else, or nobody said.
    Other,
}

/// What people call a function.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FunctionTitle {
    /// In English.
    #[schema(example = "Groceries")]
    en: String,
    /// In Chinese.
    #[schema(example = "食品杂货")]
    zh: String,
}

impl From<&Arc<Function>> for FunctionEntry {
    fn from(function: &Arc<Function>) -> Self {
        use contract::about::{Answers, Title};
        let title = function.title.clone().map(|Title { en, zh }| FunctionTitle { en, zh });
        let answers = match function.answers {
            Answers::Labels => AnswerKind::Labels,
            Answers::Picture => AnswerKind::Picture,
            Answers::Other => AnswerKind::Other,
        };
        Self {
            name: function.name.clone(),
            path: function.path(),
            answers,
            model: function.model.clone(),
            title,
        }
    }
}

/// Lists what this service can do with a picture.
#[utoipa::path(get, path = "/v1/functions", operation_id = "functions", responses(
    (status = 200, description = "The functions", body = FunctionList),
    (status = 403, description = "Another host than the service's own", body = ErrorBody)))]
pub(super) async fn list(State(service): State<Arc<Service>>) -> Json<FunctionList> {
    Json(FunctionList { functions: service.functions.iter().map(FunctionEntry::from).collect() })
}

//! From an event to what is printed.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::body;
use crate::error::FunctionError;
use crate::event::{Event, EventKind, HttpRequest};
use crate::model::MODEL;
use crate::negotiation::{self, Form, Language};
use crate::picture;
use crate::predictions::{self, Prediction};
use crate::{Classifier, MAX_EVENT_BYTES};

/// Labels in an answer, unless the query's `top` asks for more or fewer.
const TOP: usize = 3;

/// What the function prints and how it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// 0 answered (also with an HTTP error), 1 not.
    pub exit_code: u8,
}

/// Answers the event in `input`.
pub fn answer(input: &[u8], classifier: &mut impl Classifier) -> Reply {
    if input.len() > MAX_EVENT_BYTES {
        let message =
            format!("the event has more than {} MB, accepted are up to that", MAX_EVENT_BYTES >> 20);
        return refusal(looks_like_http(input), &FunctionError::TooLarge(message));
    }
    match Event::parse(input) {
        Err(error) => refusal(looks_like_http(input), &error),
        Ok(event) => match &event.kind {
            EventKind::Bare => match recognize(&event, classifier, TOP) {
                Ok(predictions) => {
                    Reply { stdout: lines(&predictions, Language::English), ..Reply::default() }
                }
                Err(error) => refusal(false, &error),
            },
            EventKind::Http(request) => answer_http(&event, request, classifier),
        },
    }
}

/// The answer where the function itself failed over the event in `input`.
pub fn internal_error(input: &[u8], message: &str) -> Reply {
    refusal(looks_like_http(input), &FunctionError::Internal(message.to_owned()))
}

/// For events that can't be read: whether a web client waits for the answer. Inside of a JSON string the field's
/// name would stand between escaped quotes.
fn looks_like_http(input: &[u8]) -> bool {
    let field = b"\"httpMethod\"";
    input.windows(field.len()).any(|window| window == field)
}

fn answer_http(event: &Event<'_>, request: &HttpRequest<'_>, classifier: &mut impl Classifier) -> Reply {
    if request.method.eq_ignore_ascii_case("OPTIONS") {
        return respond(204, &json!({"allow": "POST, OPTIONS"}), "");
    }
    let form = negotiation::form(request.headers.accept.as_deref());
    let language =
        negotiation::language(request.query.lang.as_deref(), request.headers.accept_language.as_deref());
    match top(request).and_then(|top| recognize(event, classifier, top)) {
        Ok(predictions) => labels(&predictions, form, language),
        Err(error) => refusal(true, &error),
    }
}

fn top(request: &HttpRequest<'_>) -> Result<usize, FunctionError> {
    let Some(text) = &request.query.top else {
        return Ok(TOP);
    };
    let classes = MODEL.classes();
    text.parse()
        .ok()
        .filter(|top| (1..=classes).contains(top))
        .ok_or_else(|| FunctionError::BadRequest(format!("top is {text:?}, accepted are 1 to {classes}")))
}

fn recognize(
    event: &Event<'_>,
    classifier: &mut impl Classifier,
    count: usize,
) -> Result<Vec<Prediction>, FunctionError> {
    let bytes = body::picture_bytes(event)?;
    let format = picture::check(&bytes)?;
    let (values, quantization) = classifier.classify(&bytes, format)?;
    if values.len() != MODEL.classes() {
        let message = format!("the model gave {} values for {} classes", values.len(), MODEL.classes());
        return Err(FunctionError::Internal(message));
    }
    Ok(predictions::top(&values, quantization, count))
}

fn labels(predictions: &[Prediction], form: Form, language: Language) -> Reply {
    let (kind, body) = match form {
        Form::Text => ("text/plain", lines(predictions, language)),
        Form::Json => ("application/json", json_body(predictions, language)),
    };
    let headers = json!({
        "content-type": format!("{kind}; charset=utf-8"),
        "content-language": language.tag(),
        "cache-control": "no-store",
        "vary": "accept, accept-language",
    });
    respond(200, &headers, &body)
}

/// `label: 12.34%`, one a line.
fn lines(predictions: &[Prediction], language: Language) -> String {
    let mut text = String::new();
    for Prediction { index, probability } in predictions {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}: {:.2}%", MODEL.label(*index, language), probability * 100.0);
    }
    text
}

#[derive(Serialize)]
struct LabelledPrediction {
    label: &'static str,
    index: usize,
    probability: f64,
}

fn json_body(predictions: &[Prediction], language: Language) -> String {
    let predictions: Vec<LabelledPrediction> = predictions
        .iter()
        .map(|&Prediction { index, probability }| LabelledPrediction {
            label: MODEL.label(index, language),
            index,
            probability,
        })
        .collect();
    json!({"model": MODEL.name, "predictions": predictions}).to_string()
}

fn refusal(is_http: bool, error: &FunctionError) -> Reply {
    if !is_http {
        return Reply { stderr: format!("{error}\n"), exit_code: 1, ..Reply::default() };
    }
    let headers = json!({"content-type": "application/json; charset=utf-8", "cache-control": "no-store"});
    let body = json!({"error": {"code": error.code(), "message": error.to_string()}});
    respond(error.status(), &headers, &body.to_string())
}

fn respond(status: u16, headers: &Value, body: &str) -> Reply {
    let response = json!({"isBase64Encoded": false, "statusCode": status, "headers": headers, "body": body});
    Reply { stdout: format!("{response}\n"), ..Reply::default() }
}

#[cfg(test)]
mod tests;

//! From an event to the answer with its labels.

use std::fmt::Write as _;

use contract::unsure;
use kit::{Answer, Event, Form, FunctionError, Language};
use serde_json::{Value, json};

use crate::classifier::Classifier;
use crate::model::Model;
use crate::predictions::{Prediction, Predictions};

/// Labels in an answer, unless the query's `top` asks for more or fewer.
const TOP: usize = 3;

/// Answers an event: the likeliest labels of its picture, as text or JSON.
///
/// # Errors
/// `bad_request` for a query that makes no sense, and what the kit and the classifier say of the picture.
pub fn answer(
    event: &Event<'_>,
    model: &Model<'_>,
    classifier: &mut impl Classifier,
) -> Result<Answer, FunctionError> {
    let count = top(event, model)?;
    let classification = classifier.classify(&event.picture()?, model)?;
    let description = model.description();
    let Some(predictions) = Predictions::of(&classification.output, &description.output) else {
        let (found, classes) = (classification.output.len(), model.classes());
        return Err(FunctionError::internal(format!("the model gave {found} bytes for {classes} classes")));
    };
    let is_unsure = predictions.is_unsure(&description.unsure);
    let (predictions, language) = (predictions.top(count), event.wanted_language());
    let answer = match event.wanted_form() {
        Form::Text => Answer::text(lines(model, predictions, is_unsure, language)),
        Form::Json => Answer::json(labelled(model, predictions, is_unsure, language)),
    };
    Ok(answer.in_language(language).with_notice(classification.notice))
}

fn top(event: &Event<'_>, model: &Model<'_>) -> Result<usize, FunctionError> {
    Ok(event.number("top", 1..=model.classes())?.unwrap_or(TOP))
}

/// `label: 12.34%`, one a line; last a hint, if the picture may show something else.
fn lines(model: &Model<'_>, predictions: &[Prediction], is_unsure: bool, language: Language) -> String {
    let mut text = String::new();
    for Prediction { index, probability } in predictions {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}: {:.2}%", model.label(*index, language), probability * 100.0);
    }
    if is_unsure {
        text.push_str(hint(language));
        text.push('\n');
    }
    text
}

/// What a person should know of an answer that is unsure.
fn hint(language: Language) -> &'static str {
    match language {
        Language::English => unsure::ENGLISH,
        Language::Chinese => unsure::CHINESE,
    }
}

fn labelled(model: &Model<'_>, predictions: &[Prediction], is_unsure: bool, language: Language) -> Value {
    let predictions: Vec<_> = predictions
        .iter()
        .map(|&Prediction { index, probability }| {
            json!({"label": model.label(index, language), "index": index, "probability": probability})
        })
        .collect();
    let mut answer = json!({"model": model.description().name, "predictions": predictions});
    if let (true, Some(fields)) = (is_unsure, answer.as_object_mut()) {
        fields.insert("unsure".to_owned(), Value::Bool(true));
    }
    answer
}

#[cfg(test)]
mod tests;

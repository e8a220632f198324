//! From an event to the answer with its labels.

use std::fmt::Write as _;

use kit::{Answer, Event, Form, FunctionError, Language};
use serde_json::json;

use crate::classifier::Classifier;
use crate::model::MODEL;
use crate::predictions::{self, Prediction};

/// Labels in an answer, unless the query's `top` asks for more or fewer.
const TOP: usize = 3;

/// Answers an event: the likeliest labels of its picture, as text or JSON.
///
/// # Errors
/// `bad_request` for a query that makes no sense, and what the kit and the classifier say of the picture.
pub fn answer(event: &Event<'_>, classifier: &mut impl Classifier) -> Result<Answer, FunctionError> {
    let count = top(event)?;
    let classification = classifier.classify(&event.picture()?)?;
    let values = &classification.values;
    if values.len() != MODEL.classes() {
        let message = format!("the model gave {} values for {} classes", values.len(), MODEL.classes());
        return Err(FunctionError::internal(message));
    }
    let predictions = predictions::top(values, classification.quantization, count);
    let language = event.wanted_language();
    let answer = match event.wanted_form() {
        Form::Text => Answer::text(lines(&predictions, language)),
        Form::Json => Answer::json(labelled(&predictions, language)),
    };
    Ok(answer.in_language(language).with_notice(classification.notice))
}

fn top(event: &Event<'_>) -> Result<usize, FunctionError> {
    let Some(text) = event.query("top") else {
        return Ok(TOP);
    };
    let classes = MODEL.classes();
    text.parse()
        .ok()
        .filter(|top| (1..=classes).contains(top))
        .ok_or_else(|| FunctionError::bad_request(format!("top is {text:?}, accepted are 1 to {classes}")))
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

fn labelled(predictions: &[Prediction], language: Language) -> serde_json::Value {
    let predictions: Vec<_> = predictions
        .iter()
        .map(|&Prediction { index, probability }| {
            json!({"label": MODEL.label(index, language), "index": index, "probability": probability})
        })
        .collect();
    json!({"model": MODEL.name, "predictions": predictions})
}

#[cfg(test)]
mod tests;

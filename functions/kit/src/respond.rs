//! From the bytes of an event to what is printed.

use contract::limits::MAX_EVENT_BYTES;
use contract::{HttpAnswer, HttpForm};

use crate::answer::{Answer, Reply};
use crate::error::FunctionError;
use crate::event::{Body, Event};
use crate::input::{self, Input};
use crate::setup::Setup;
use crate::{find, json};

/// Answers the event in `input` with `function`. What the function never sees: events that can't be read, and `OPTIONS`.
pub fn respond(
    input: &[u8],
    function: &mut impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>,
) -> Reply {
    respond_as(&Setup::default(), input, function)
}

/// The same for a function that was told something at its start.
pub fn respond_as(
    setup: &Setup,
    input: &[u8],
    function: &mut impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>,
) -> Reply {
    let refused = |error: &FunctionError| Reply::failure(error, HttpForm::guess(input), setup.name);
    if input.len() > MAX_EVENT_BYTES {
        let message =
            format!("the event has more than {} MB, accepted are up to that", MAX_EVENT_BYTES >> 20);
        return refused(&FunctionError::new(contract::ErrorCode::TooLarge, message));
    }
    let text = match input::read(input) {
        Ok(Input::Body(bytes)) => return answer(setup, Event::of_body(bytes), None, function),
        Ok(Input::Json(text)) => text,
        Err(error) => return refused(&error),
    };
    let error = match Event::parse(&text) {
        Ok(event) => return answer(setup, event, Some(&text), function),
        Err(error) => error,
    };
    // Only now: most events need no copy.
    let Some(text) = json::with_escaped_controls(&text) else {
        return refused(&error);
    };
    match Event::parse(&text) {
        Ok(event) => answer(setup, event, Some(&text), function),
        Err(error) => refused(&error),
    }
}

/// The answer where the function itself failed over the event in `input`.
pub fn internal_error(input: &[u8], message: &str) -> Reply {
    Reply::failure(&FunctionError::internal(message), HttpForm::guess(input), None)
}

fn answer<'e>(
    setup: &'e Setup,
    event: Event<'e>,
    text: Option<&str>,
    function: &mut impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>,
) -> Reply {
    let event = event.with_settings(&setup.settings);
    let form = event.http_form();
    match (form, event.method()) {
        (Some(form), Some(method)) if method.eq_ignore_ascii_case("OPTIONS") => {
            let headers = vec![("allow".to_owned(), "POST, OPTIONS".to_owned())];
            return Reply::http(&HttpAnswer { status: 204, headers, ..HttpAnswer::default() }, form);
        }
        _ => {}
    }
    if form.is_none() && event.body == Body::Missing {
        if let Some(error) = text.and_then(find::service_refusal) {
            return Reply::failure(&error, None, None);
        }
    }
    match function(&event) {
        Ok(answer) => answer.into_reply(event.sender(), setup.name),
        Err(error) => Reply::failure(&error, form, setup.name),
    }
}

#[cfg(test)]
mod tests;

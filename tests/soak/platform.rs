//! The strict platform of `tests/support`, driven by lines.
//!
//! It prints its port, and `{"ready": true}` once init/ready was posted. Then each line of standard input is an event to
//! send, `{"id", "file", "drop", "refuse"}`: whether the first attempt to fetch it finds the connection closed, and the
//! first attempt to post its result a 503. For each it prints what became of it, `{"endpoint", "body"}` (nothing within a
//! minute: null), and what the function did against the protocol since, `{"violations": […]}`, in the same object.

use std::error::Error;
use std::io::Write as _;

use serde_json::{Value, json};
use support::scf::{Endpoint, Event, NextFault, Platform, PostFault};

fn main() -> Result<(), Box<dyn Error>> {
    let platform = Platform::start(&[]);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", platform.address().port())?;
    let is_ready = platform.ready().is_some();
    writeln!(out, "{}", json!({ "ready": is_ready }))?;
    let mut violations = 0;
    for line in std::io::stdin().lines() {
        let number = platform.send(event(&serde_json::from_str(&line?)?)?);
        let outcome = platform.outcome(number);
        let all = platform.violations();
        let new = all.get(violations..).unwrap_or_default();
        let (endpoint, body) = match &outcome {
            Some(outcome) => (Some(name(outcome.endpoint)), Some(&outcome.body)),
            None => (None, None),
        };
        writeln!(out, "{}", json!({ "endpoint": endpoint, "body": body, "violations": new }))?;
        violations = all.len();
    }
    Ok(())
}

fn event(line: &Value) -> Result<Event, Box<dyn Error>> {
    let text = |field: &str| line[field].as_str().ok_or(format!("the line has no {field}"));
    let mut event = Event::new(std::fs::read(text("file")?)?).id(text("id")?);
    if line["drop"] == true {
        event = event.on_next(NextFault::DropBeforeAnswer);
    }
    if line["refuse"] == true {
        event = event.on_post(PostFault::Status(503));
    }
    Ok(event)
}

fn name(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Response => "response",
        Endpoint::Error => "error",
    }
}

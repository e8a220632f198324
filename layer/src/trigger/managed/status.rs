//! `GET /v1/status` among HTTP events: what the page asks first, answered as `vision serve` does.

use contract::{HttpAnswer, HttpForm};
use memchr::memmem;
use serde_json::{Value, json};

const PATH: &str = "/v1/status";

/// Larger events carry pictures.
const MAX_BYTES: usize = 64 << 10;

/// The form of the answer, where an event asks for the status; nothing where it is something else.
pub(in crate::trigger) fn asks_for_status(event: &[u8]) -> Option<HttpForm> {
    let mentioned =
        || [PATH, r"\/v1\/status"].iter().any(|path| memmem::find(event, path.as_bytes()).is_some());
    if event.len() > MAX_BYTES || !mentioned() {
        return None;
    }
    let form = HttpForm::guess(event)?;
    let event: Value = serde_json::from_slice(event).ok()?;
    let (method, path) = match form {
        HttpForm::Payload2 => (event.pointer("/requestContext/http/method"), event.get("rawPath")),
        _ => (event.get("httpMethod"), event.get("path")),
    };
    let is_asked = method?.as_str()? == "GET" && path?.as_str()?.ends_with(PATH);
    is_asked.then_some(form)
}

/// The answer. The model is the function's own affair, and no history is shown here.
pub(super) fn status(form: HttpForm, has_uploads: bool) -> String {
    let body = json!({"model": null, "version": env!("CARGO_PKG_VERSION"), "history": false, "uploads": has_uploads});
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers =
        vec![header("cache-control", "no-store"), header("content-type", "application/json; charset=utf-8")];
    HttpAnswer { status: 200, headers, body: body.to_string(), is_base64: false }.to_json(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asks(event: &Value) -> bool {
        asks_for_status(event.to_string().as_bytes()).is_some()
    }

    #[test]
    fn every_gateway_can_ask() {
        for event in [
            json!({"httpMethod": "GET", "path": "/v1/status"}),
            json!({"httpMethod": "GET", "path": "/release/v1/status", "requestContext": {"elb": {}}}),
            json!({"rawPath": "/v1/status", "requestContext": {"http": {"method": "GET"}}}),
        ] {
            assert!(asks(&event), "{event}");
        }
        assert!(asks_for_status(br#"{"httpMethod": "GET", "path": "\/v1\/status"}"#).is_some());
    }

    #[test]
    fn what_else_comes_is_the_functions() {
        for event in [
            json!({"httpMethod": "POST", "path": "/v1/status"}),
            json!({"httpMethod": "GET", "path": "/v1/status/more"}),
            json!({"httpMethod": "GET", "path": "/", "headers": {"referer": "/v1/status"}}),
            json!({"rawPath": ["/v1/status"], "requestContext": {"http": {"method": "GET"}}}),
            json!({"body": "/v1/status"}),
            json!({"httpMethod": "GET", "path": "/v1/status", "body": "A".repeat(MAX_BYTES)}),
        ] {
            assert!(!asks(&event), "{event}");
        }
    }

    #[test]
    fn the_answer_is_json_in_the_form_of_the_gateway() {
        let answer: Value = serde_json::from_str(&status(HttpForm::Payload2, true)).unwrap();
        assert_eq!(answer["statusCode"], 200);
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!((&body["uploads"], &body["history"]), (&json!(true), &json!(false)));
    }

    proptest! {
        #[test]
        fn any_bytes_ask_or_not(event in proptest::collection::vec(any::<u8>(), 0..200)) {
            asks_for_status(&event);
        }

        #[test]
        fn only_get_of_the_path_asks(method in "(GET|POST|.{0,5})", path in ".{0,5}(/v1/status)?.{0,2}") {
            let event = json!({"httpMethod": method, "path": path}).to_string();
            let expected = method == "GET" && path.ends_with(PATH);
            prop_assert_eq!(asks_for_status(event.as_bytes()).is_some(), expected);
        }
    }
}

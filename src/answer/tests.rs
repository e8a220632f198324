//! Whole events against a classifier that knows one answer; the real one runs in the end-to-end tests.

use super::*;
use crate::{Classification, Quantization};
use kit::{Picture, Reply};
use serde_json::Value;

const PNG_BASE64: &str = "iVBORw0KGgoAAAANSUhEUg==";

/// Gives class 1 three quarters, class 0 and the last class an eighth each.
#[derive(Default)]
struct Fixed {
    notice: Option<String>,
}

impl Classifier for Fixed {
    fn classify(&mut self, _: &Picture<'_>) -> Result<Classification, FunctionError> {
        let mut values = vec![0; MODEL.classes()];
        values[1] = 192;
        values[0] = 32;
        *values.last_mut().unwrap() = 32;
        let quantization = Quantization { scale: 1.0 / 256.0, zero_point: 0 };
        Ok(Classification { values, quantization, notice: self.notice.clone() })
    }
}

fn reply_of(event: &Value, classifier: &mut Fixed) -> Reply {
    kit::respond(event.to_string().as_bytes(), &mut |event| answer(event, classifier))
}

fn http(extra: &Value) -> Value {
    let mut event = json!({"httpMethod": "POST", "path": "/", "headers": {}, "body": PNG_BASE64});
    event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    event
}

/// Status, headers and body of an HTTP answer.
fn response(event: &Value) -> (u64, Value, Value) {
    let reply = reply_of(event, &mut Fixed::default());
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""), "HTTP errors are answers");
    let response: Value = serde_json::from_slice(&reply.stdout).unwrap();
    let body = response["body"].as_str().unwrap();
    let body = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    (response["statusCode"].as_u64().unwrap(), response["headers"].clone(), body)
}

fn label(index: usize, language: Language) -> &'static str {
    MODEL.label(index, language)
}

#[test]
fn a_bare_event_gets_three_lines_likeliest_first() {
    let last = MODEL.classes() - 1;
    let [first, second, third] = [1, 0, last].map(|index| label(index, Language::English));
    let reply = reply_of(&json!({"body": PNG_BASE64}), &mut Fixed::default());
    let expected = format!("{first}: 75.00%\n{second}: 12.50%\n{third}: 12.50%\n");
    assert_eq!(String::from_utf8(reply.stdout).unwrap(), expected);
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
}

#[test]
fn an_http_event_gets_json_with_labels_numbers_and_probabilities() {
    let (status, headers, body) = response(&http(&json!({})));
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(body["model"], MODEL.name);
    assert_eq!(
        body["predictions"][0],
        json!({"label": label(1, Language::English), "index": 1, "probability": 0.75})
    );
    assert_eq!(body["predictions"].as_array().unwrap().len(), 3);
    assert_eq!(body.get("notice"), None);
}

#[test]
fn an_http_event_may_ask_for_text_and_for_chinese() {
    let (_, headers, body) =
        response(&http(&json!({"headers": {"Accept": "text/plain"}, "queryString": {"lang": "zh"}})));
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(headers["content-language"], "zh");
    assert!(body.as_str().unwrap().starts_with(&format!("{}: 75.00%\n", label(1, Language::Chinese))));
}

#[test]
fn an_http_event_may_ask_for_another_number_of_labels() {
    let (_, _, body) = response(&http(&json!({"queryString": {"top": "1"}})));
    assert_eq!(body["predictions"].as_array().unwrap().len(), 1);
    for top in ["0", "-1", "many", "100000"] {
        let (status, _, body) = response(&http(&json!({"queryStringParameters": {"top": top}})));
        assert_eq!((status, &body["error"]["code"]), (400, &json!("bad_request")), "{top}");
    }
}

#[test]
fn what_the_host_says_of_the_picture_goes_into_the_answer() {
    let mut classifier = Fixed { notice: Some("7 % of it are missing".to_owned()) };
    let reply = reply_of(&json!({"body": PNG_BASE64}), &mut classifier);
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, "7 % of it are missing\n"));
    let reply = reply_of(&http(&json!({})), &mut classifier);
    let response: Value = serde_json::from_slice(&reply.stdout).unwrap();
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["notice"], "7 % of it are missing");
    let reply = reply_of(&http(&json!({"headers": {"accept": "text/plain"}})), &mut classifier);
    let response: Value = serde_json::from_slice(&reply.stdout).unwrap();
    assert_eq!(response["headers"]["x-vision-notice"], "7 %25 of it are missing");
}

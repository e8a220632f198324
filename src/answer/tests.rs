//! Whole events against a classifier that knows one answer; the real one runs in the end-to-end tests.

use super::*;
use crate::Format;
use crate::predictions::Quantization;
use ::base64::Engine as _;
use ::base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\x02\0\0\0";

/// Gives class 1 three quarters, class 0 and the last class an eighth each.
struct Fixed;

impl Classifier for Fixed {
    fn classify(
        &mut self,
        _encoded: &[u8],
        _format: Format,
    ) -> Result<(Vec<u8>, Quantization), FunctionError> {
        let mut values = vec![0; MODEL.classes()];
        values[1] = 192;
        values[0] = 32;
        *values.last_mut().unwrap() = 32;
        Ok((values, Quantization { scale: 1.0 / 256.0, zero_point: 0 }))
    }
}

fn reply(event: &Value) -> Reply {
    answer(event.to_string().as_bytes(), &mut Fixed)
}

fn picture() -> String {
    BASE64_STANDARD.encode(PNG)
}

fn http(extra: &Value) -> Value {
    let mut event = json!({"httpMethod": "POST", "path": "/", "headers": {}, "body": picture()});
    event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    event
}

/// Status and body of an HTTP answer.
fn response(event: &Value) -> (u64, Value, Value) {
    let reply = reply(event);
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""), "HTTP errors are answers");
    let response: Value = serde_json::from_str(&reply.stdout).unwrap();
    assert_eq!(response["isBase64Encoded"], false);
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
    let reply = reply(&json!({"body": picture()}));
    assert_eq!(reply.stdout, format!("{first}: 75.00%\n{second}: 12.50%\n{third}: 12.50%\n"));
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
}

#[test]
fn a_bare_event_that_fails_gets_one_line_on_standard_error_and_code_1() {
    let reply = reply(&json!({"body": BASE64_STANDARD.encode("GIF89a")}));
    assert_eq!(reply.stderr, "found GIF, accepted are JPEG and PNG\n");
    assert_eq!((reply.exit_code, reply.stdout.as_str()), (1, ""));
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
fn http_errors_have_a_status_a_code_and_a_message() {
    let webp = BASE64_STANDARD.encode(b"RIFF....WEBPVP8 ");
    let bomb =
        BASE64_STANDARD.encode([&PNG[..16], &100_000_u32.to_be_bytes(), &100_000_u32.to_be_bytes()].concat());
    for (body, status, code, message) in [
        (json!(webp), 415, "unsupported_image", "found WebP, accepted are JPEG and PNG"),
        (
            json!(bomb),
            413,
            "too_large",
            "the picture has 100000 × 100000 pixels, accepted are up to 100 megapixels",
        ),
        (json!("QQ*"), 400, "bad_request", "the body is not base64: found '*' at position 2"),
        (json!("/9j/"), 422, "undecodable_image", "the JPEG can't be decoded: its header is not whole"),
    ] {
        let (found, headers, answer) = response(&http(&json!({"body": body})));
        assert_eq!(found, status);
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        assert_eq!(answer, json!({"error": {"code": code, "message": message}}));
    }
}

#[test]
fn an_http_event_that_is_damaged_still_gets_an_http_answer() {
    let reply = answer(br#"{"httpMethod": "POST", "body": "#, &mut Fixed);
    assert_eq!(reply.exit_code, 0);
    assert!(reply.stdout.contains("\"statusCode\":400"), "{}", reply.stdout);
}

#[test]
fn an_event_over_the_limit_is_refused_with_the_limit() {
    let event = json!({"body": "A".repeat(MAX_EVENT_BYTES)});
    let reply = reply(&event);
    assert_eq!(
        (reply.exit_code, reply.stderr.as_str()),
        (1, "the event has more than 12 MB, accepted are up to that\n")
    );
    let (status, _, body) = response(&http(&json!({"body": "A".repeat(MAX_EVENT_BYTES)})));
    assert_eq!((status, &body["error"]["code"]), (413, &json!("too_large")));
}

#[test]
fn options_is_answered_without_a_picture() {
    let (status, headers, body) = response(&json!({"httpMethod": "OPTIONS"}));
    assert_eq!((status, &headers["allow"], body), (204, &json!("POST, OPTIONS"), json!("")));
}

#[test]
fn internal_errors_have_the_form_of_the_event_at_hand() {
    assert_eq!(internal_error(b"{}", "why").stderr, "why\n");
    assert!(internal_error(br#"{"httpMethod": "POST"}"#, "why").stdout.contains("\"statusCode\":500"));
}

proptest! {
    #[test]
    fn any_body_gets_an_answer_on_exactly_one_stream(body in ".{0,60}", is_base64: bool, is_http: bool) {
        let event = if is_http {
            json!({"httpMethod": "POST", "body": body, "isBase64Encoded": is_base64})
        } else {
            json!({"body": body})
        };
        let reply = reply(&event);
        prop_assert!(reply.stdout.is_empty() != reply.stderr.is_empty());
        prop_assert_eq!(reply.exit_code, u8::from(reply.stdout.is_empty()));
    }
}

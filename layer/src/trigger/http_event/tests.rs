use super::*;
use axum::http::HeaderValue;
use base64_simd::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

fn headers(headers: &[(HeaderName, &[u8])]) -> HeaderMap {
    headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value).unwrap())).collect()
}

#[test]
fn a_request_becomes_the_event_that_a_gateway_would_make_of_it() {
    let headers = headers(&[
        (header::CONTENT_TYPE, b"multipart/form-data; boundary=\"x\""),
        (header::ACCEPT_LANGUAGE, b"zh"),
        (header::USER_AGENT, b"not the module's business"),
    ]);
    let mut event =
        event(&Uri::from_static("/v1/recognize?top=1&lang=zh"), &headers, b"\xFF\xD8\xFF").unwrap();
    assert_eq!(
        event.look(|json| serde_json::from_slice::<Value>(json)).unwrap().unwrap(),
        json!({
            "httpMethod": "POST",
            "path": "/v1/recognize",
            "queryString": "top=1&lang=zh",
            "headers": {"content-type": "multipart/form-data; boundary=\"x\"", "accept-language": "zh"},
            "isBase64Encoded": true,
            "body": "/9j/",
        })
    );
}

proptest! {
    #[test]
    fn any_body_under_any_header_is_an_event(
        kind in "[ -~\u{80}-\u{ff}]{0,30}", body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let headers = headers(&[(header::CONTENT_TYPE, kind.as_bytes())]);
        let mut event = event(&Uri::from_static("/"), &headers, &body).unwrap();
        let event: Value = event.look(|json| serde_json::from_slice(json)).unwrap().unwrap();
        prop_assert_eq!(STANDARD.decode_to_vec(event["body"].as_str().unwrap()).unwrap(), body);
    }
}

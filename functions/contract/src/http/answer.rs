//! The HTTP answer, as functions write it and the runtime reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::form::HttpForm;
use crate::code::ErrorCode;
use crate::error_body::ErrorBody;

/// An HTTP answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status, 100 to 599 where it makes sense.
    pub status: u16,
    /// Names (in lower case where we write them) and values, in their order; a name may come several times.
    pub headers: Vec<(String, String)>,
    /// The body: text, or base64 of any bytes.
    pub body: String,
    /// Whether the body is base64.
    pub is_base64: bool,
}

/// The headers of an answer that is JSON and nobody may keep.
const JSON_HEADERS: [(&str, &str); 2] =
    [("cache-control", "no-store"), ("content-type", "application/json; charset=utf-8")];

impl HttpAnswer {
    /// The answer that tells of a failure; `message` says what was found and what would be accepted.
    pub fn error(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            headers: JSON_HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: ErrorBody::new(code, message).to_json(),
            is_base64: false,
        }
    }

    /// The first value of a header, whose name is given in lower case.
    pub fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    }

    /// The answer as JSON, in the form that the gateway wants.
    pub fn to_json(&self, form: HttpForm) -> String {
        let mut wire = Written {
            body: &self.body,
            cookies: Vec::new(),
            headers: None,
            is_base64_encoded: self.is_base64,
            multi_value_headers: None,
            status_code: self.status,
            status_description: None,
        };
        let mut headers = BTreeMap::<&str, Vec<&str>>::new();
        for (name, value) in &self.headers {
            if form == HttpForm::Payload2 && name.eq_ignore_ascii_case("set-cookie") {
                wire.cookies.push(value);
            } else {
                headers.entry(name).or_default().push(value);
            }
        }
        if matches!(form, HttpForm::Balancer | HttpForm::BalancerLists) {
            wire.status_description = Some(description(self.status));
        }
        // A REST API joins both kinds of headers; there is one only where a name comes several times.
        let needs_lists = form == HttpForm::Rest && headers.values().any(|values| values.len() > 1);
        if form == HttpForm::BalancerLists || needs_lists {
            wire.multi_value_headers = Some(headers);
        } else {
            let joined = headers.into_iter().map(|(name, values)| (name, values.join(", ")));
            wire.headers = Some(joined.collect());
        }
        // Texts, a number and a flag: nothing can fail.
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// Reads an answer in any of the forms; None for anything that is no object with a `statusCode`.
    pub fn parse(text: &str) -> Option<Self> {
        let Read { body, cookies, headers, is_base64_encoded, multi_value_headers, status_code } =
            serde_json::from_str(text).ok()?;
        let named = [headers, multi_value_headers].into_iter().flatten().flatten();
        let mut headers: Vec<(String, String)> = named
            .flat_map(|(name, value)| texts(value).into_iter().map(move |text| (name.clone(), text)))
            .collect();
        let cookies = cookies.into_iter().flatten();
        headers.extend(cookies.map(|cookie| ("set-cookie".to_owned(), cookie)));
        Some(Self {
            status: status_code,
            headers,
            body: body.unwrap_or_default(),
            is_base64: is_base64_encoded.unwrap_or(false),
        })
    }
}

/// By the order of their names, as `serde_json` writes objects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    body: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, String>>,
    is_base64_encoded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'a str, Vec<&'a str>>>,
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Value>>,
    status_code: u16,
}

/// The values of a header: a text, a number, or a list of them.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.into_iter().flat_map(texts).collect(),
        Value::String(text) => vec![text],
        Value::Number(number) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

/// What a load balancer wants beside the number: `200 OK`.
fn description(status: u16) -> String {
    let words = match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Other",
    };
    format!("{status} {words}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(headers: &[(&str, &str)]) -> HttpAnswer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HttpAnswer { status: 200, headers, body: "hi".to_owned(), is_base64: false }
    }

    #[test]
    fn each_gateway_gets_the_form_that_it_wants() {
        let answer = answer(&[("b", "1"), ("set-cookie", "c=d"), ("a", "2")]);
        for (form, expected) in [
            (
                HttpForm::Rest,
                r#"{"body":"hi","headers":{"a":"2","b":"1","set-cookie":"c=d"},"isBase64Encoded":false,"statusCode":200}"#,
            ),
            (
                HttpForm::Payload2,
                r#"{"body":"hi","cookies":["c=d"],"headers":{"a":"2","b":"1"},"isBase64Encoded":false,"statusCode":200}"#,
            ),
            (
                HttpForm::Balancer,
                r#"{"body":"hi","headers":{"a":"2","b":"1","set-cookie":"c=d"},"isBase64Encoded":false,"statusCode":200,"statusDescription":"200 OK"}"#,
            ),
            (
                HttpForm::BalancerLists,
                r#"{"body":"hi","isBase64Encoded":false,"multiValueHeaders":{"a":["2"],"b":["1"],"set-cookie":["c=d"]},"statusCode":200,"statusDescription":"200 OK"}"#,
            ),
        ] {
            assert_eq!(answer.to_json(form), expected);
        }
    }

    #[test]
    fn a_failure_is_told_as_json() {
        assert_eq!(
            HttpAnswer::error(ErrorCode::Timeout, "late").to_json(HttpForm::Rest),
            concat!(
                r#"{"body":"{\"error\":{\"code\":\"timeout\",\"message\":\"late\"}}","headers":{"cache-control":"no-store","#,
                r#""content-type":"application/json; charset=utf-8"},"isBase64Encoded":false,"statusCode":504}"#
            )
        );
    }

    #[test]
    fn answers_of_other_peoples_modules_are_read_as_they_are_written() {
        let read = HttpAnswer::parse(
            r#"{"isBase64Encoded": true, "statusCode": 418, "body": "QUJD", "headers": {"X-One": 1, "many": ["a", 2]},
                "multiValueHeaders": null, "cookies": ["c=d"], "other": {}}"#,
        );
        let read = read.unwrap();
        let headers: Vec<(&str, &str)> = read.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(
            (read.header("x-one"), read.header("many"), read.header("none")),
            (Some("1"), Some("a"), None)
        );
        assert_eq!(headers, [("X-One", "1"), ("many", "a"), ("many", "2"), ("set-cookie", "c=d")]);
        assert_eq!((read.status, read.body.as_str(), read.is_base64), (418, "QUJD", true));
        for text in ["", "{}", "[]", "Lemon: 97%", r#"{"statusCode": "200"}"#, r#"{"statusCode": 70000}"#] {
            assert_eq!(HttpAnswer::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_in_any_form_is_read_again(
            status in 100_u16..600, body in ".{0,20}", is_base64: bool, form in 0_usize..4,
            headers in proptest::collection::btree_map("[a-z-]{1,8}", "[ -~]{0,8}", 0..5),
        ) {
            let form = [HttpForm::Rest, HttpForm::Payload2, HttpForm::Balancer, HttpForm::BalancerLists][form];
            let written = HttpAnswer { status, headers: headers.into_iter().collect(), body, is_base64 };
            prop_assert_eq!(HttpAnswer::parse(&written.to_json(form)), Some(written));
        }
    }
}

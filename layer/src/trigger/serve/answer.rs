//! From what the module printed to a response.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::ErrorCode;
use contract::{HttpAnswer, Outcome};
use worker::answer::{Answer, CallError};

use super::problem::Problem;
use crate::history::NewEntry;
use crate::trigger::content_type;
use crate::trigger::recognition::{self, PendingThumbnail, Recognition};

/// What the module answered, ready to be sent.
#[derive(Debug)]
pub(super) struct ModuleAnswer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    /// A small copy of what the module saw, where it was asked for.
    thumbnail: Option<PendingThumbnail>,
}

/// Headers that an answer may have.
const MAX_HEADERS: usize = 100;

/// What a module may say of its answer. The page and the history have the same origin, so a stranger's module may set nothing
/// that counts for more than this answer, such as cookies, other origins' rights, or where to go; nor what a proxy in front
/// acts upon, such as `x-accel-redirect`.
const MODULE_HEADERS: [HeaderName; 10] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::RETRY_AFTER,
    header::VARY,
];

/// How headers begin that only this project's functions and their callers know.
const OWN_HEADERS: &str = "x-vision-";

/// A document that a module answers with is of an origin of its own, in which nothing runs.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

impl ModuleAnswer {
    /// Reads an answer in the form that API gateways take: an object with `statusCode`; other JSON and other text is
    /// the body itself.
    ///
    /// # Errors
    /// The module's refusals in its words; its failures without their details, which are logged instead.
    pub(super) fn from_call(result: Result<Answer, CallError>) -> Result<Self, Problem> {
        let answer = result.map_err(|error| {
            tracing::error!(%error, "the module did not answer");
            match error.code() {
                ErrorCode::Internal => internal(),
                code => Problem::new(code, error.to_string()),
            }
        })?;
        let notice = match answer.outcome() {
            Outcome::Answer { notice } => notice.map(contract::notice::header_value),
            Outcome::Refused { code, message } => return Err(Problem::new(code, message)),
            Outcome::Broken { message } => {
                let (exit_code, stderr) = (answer.exit_code, answer.stderr.as_str());
                tracing::error!(exit_code, stderr, "the module ended without an answer: {message}");
                return Err(internal());
            }
        };
        Self::from_output(answer, notice)
    }

    fn from_output(answer: Answer, notice: Option<String>) -> Result<Self, Problem> {
        let thumbnail = answer.thumbnail;
        let text = String::from_utf8_lossy(&answer.stdout);
        if let Some(answer) = HttpAnswer::parse(&text) {
            return Self::from_http(answer, thumbnail);
        }
        let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        let content_type = match content_type::of_binary(&answer.stdout) {
            Some(content_type) => content_type,
            None if is_json() => "application/json",
            None => "text/plain; charset=utf-8",
        };
        let mut headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        // A module that knows no HTTP says on standard error what it has to say beside its answer.
        let notice = notice.and_then(|text| HeaderValue::try_from(text).ok());
        headers.extend(notice.map(|value| (HeaderName::from_static(contract::notice::HEADER), value)));
        Ok(Self { status: StatusCode::OK, headers, body: answer.stdout, thumbnail })
    }

    fn from_http(answer: HttpAnswer, thumbnail: Option<PendingThumbnail>) -> Result<Self, Problem> {
        let wrong = |what: &str| {
            tracing::error!(what, "the module's answer is not as the contract says");
            internal()
        };
        let status = StatusCode::from_u16(answer.status).map_err(|_| wrong("statusCode"))?;
        if answer.headers.len() > MAX_HEADERS {
            return Err(wrong("headers (too many)"));
        }
        // 1xx are not answers, and above 599 nothing has a meaning.
        if !(200..600).contains(&status.as_u16()) {
            return Err(wrong("statusCode"));
        }
        let body = if answer.is_base64 {
            base64_simd::STANDARD.decode_to_vec(&answer.body).map_err(|_| wrong("body (no base64)"))?
        } else {
            answer.body.into_bytes()
        };
        let headers = answer.headers.iter().filter_map(header_of).collect();
        Ok(Self { status, headers, body, thumbnail })
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What it says.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// What kind of thing that is, where it is told.
    pub(super) fn content_type(&self) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(name, _)| name == header::CONTENT_TYPE).and_then(|(_, value)| value.to_str().ok())
    }

    /// The labels, where the answer has them as JSON.
    pub(super) fn recognition(&self) -> Option<Recognition> {
        recognition::recognition(&self.body)
    }

    /// What is to be kept of it, if it has labels; `model` is the one of answers that name none.
    pub(super) fn take_entry(&mut self, model: Option<&str>) -> Option<NewEntry> {
        recognition::new_entry(&self.body, self.thumbnail.take(), model)
    }
}

/// A header of the module's, if it is one that a module may set.
fn header_of((told, value): &(String, String)) -> Option<(HeaderName, HeaderValue)> {
    let is_the_modules =
        |name: &HeaderName| MODULE_HEADERS.contains(name) || name.as_str().starts_with(OWN_HEADERS);
    let name = HeaderName::try_from(told.as_str()).ok().filter(is_the_modules);
    let header = name.and_then(|name| {
        let value = if name == header::CONTENT_TYPE { content_type::allowed(value) } else { value };
        Some((name, HeaderValue::try_from(value).ok()?))
    });
    if header.is_none() {
        let name: String = told.chars().take(64).collect();
        tracing::debug!(?name, "a header of the module's answer is left out");
    }
    header
}

impl IntoResponse for ModuleAnswer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
        response
    }
}

/// What callers are told of a failure whose details are for the log.
pub(super) fn internal() -> Problem {
    Problem::new(ErrorCode::Internal, "the picture could not be dealt with because of a fault on our side")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn printed(stdout: &str, exit_code: u32) -> Result<ModuleAnswer, Problem> {
        let answer =
            Answer { stdout: stdout.into(), exit_code, stderr: "secret".into(), ..Answer::default() };
        ModuleAnswer::from_call(Ok(answer))
    }

    #[test]
    fn status_headers_and_body_are_the_modules() {
        let answer = printed(
            r#"{"isBase64Encoded": true, "statusCode": 418, "body": "QUJD",
                "headers": {"X-Vision-One": "1", "x-vision-many": ["a", 2], "content-length": "99", "bad name": "x"}}"#,
            0,
        );
        let answer = answer.unwrap();
        let names: Vec<_> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (418, &b"ABC"[..]));
        assert_eq!(names, [("x-vision-one", "1"), ("x-vision-many", "a"), ("x-vision-many", "2")]);
    }

    /// The response to a module's answer with this header.
    fn response_with(name: &str) -> Response {
        let answer = serde_json::json!({"statusCode": 200, "body": "", "headers": {name: "of-the-module"}});
        printed(&answer.to_string(), 0).unwrap().into_response()
    }

    #[test]
    fn a_module_sets_what_describes_its_answer() {
        for name in [
            "Cache-Control",
            "content-disposition",
            "content-encoding",
            "content-language",
            "etag",
            "expires",
            "last-modified",
            "retry-after",
            "vary",
            "x-vision-notice",
        ] {
            assert_eq!(response_with(name).headers()[name], "of-the-module");
        }
    }

    #[test]
    fn a_module_sets_nothing_for_the_origin_its_other_pages_or_a_proxy() {
        for name in [
            "access-control-allow-credentials",
            "Access-Control-Allow-Origin",
            "access-control-expose-headers",
            "alt-svc",
            "clear-site-data",
            "connection",
            "content-length",
            "content-location",
            "content-security-policy",
            "cross-origin-resource-policy",
            "date",
            "link",
            "location",
            "nel",
            "origin-agent-cluster",
            "permissions-policy",
            "referrer-policy",
            "refresh",
            "report-to",
            "server-timing",
            "service-worker-allowed",
            "set-cookie",
            "set-cookie2",
            "sourcemap",
            "strict-transport-security",
            "transfer-encoding",
            "upgrade",
            "www-authenticate",
            "x-accel-redirect",
            "x-content-type-options",
            "x-frame-options",
            "x-request-id",
            "x-sendfile",
            "x-vision",
        ] {
            let response = response_with(name);
            assert!(response.headers().values().all(|value| value != "of-the-module"), "{name}");
        }
    }

    #[test]
    fn a_document_of_a_modules_runs_nothing_and_is_not_of_the_services_origin() {
        let html = r#"{"statusCode": 200, "body": "<script>", "headers": {"content-type": "text/html"}}"#;
        for output in [html, "plain", "{}"] {
            let response = printed(output, 0).unwrap().into_response();
            assert_eq!(response.headers()["content-security-policy"], "default-src 'none'; sandbox");
        }
    }

    #[test]
    fn a_module_answers_pictures_and_data_but_no_documents() {
        for (told, expected) in [
            ("image/png", "image/png"),
            ("text/html", "application/octet-stream"),
            ("image/svg+xml", "application/octet-stream"),
        ] {
            let answer = serde_json::json!({"statusCode": 200, "isBase64Encoded": true, "body": "iVBO",
                "headers": {"Content-Type": told}});
            let response = printed(&answer.to_string(), 0).unwrap();
            assert_eq!(response.body, b"\x89PN");
            assert_eq!(response.into_response().headers()["content-type"], expected, "{told}");
        }
        let raw =
            ModuleAnswer::from_call(Ok(Answer { stdout: b"\x89PNG\r\n\x1a\n".into(), ..Answer::default() }));
        assert_eq!(raw.unwrap().into_response().headers()["content-type"], "image/png");
    }

    #[test]
    fn a_module_that_knows_no_http_is_answered_for() {
        let text = printed("Lemon: 97.00%\n", 0).unwrap();
        assert_eq!(
            (text.status, text.headers[0].1.to_str().unwrap()),
            (StatusCode::OK, "text/plain; charset=utf-8")
        );
        let json = printed(r#"{"label": "Lemon"}"#, 0).unwrap();
        assert_eq!(json.headers[0].1.to_str().unwrap(), "application/json");
    }

    #[test]
    fn what_the_module_refuses_is_told_in_its_words() {
        let problem = printed("", 15).unwrap_err();
        assert_eq!((problem.code, problem.message.as_str()), (ErrorCode::UnsupportedImage, "secret"));
    }

    #[test]
    fn what_a_module_that_knows_no_http_says_beside_its_answer_is_a_header() {
        let answer = Answer { stdout: "Lemon".into(), stderr: "half of it\n".into(), ..Answer::default() };
        let answer = ModuleAnswer::from_call(Ok(answer)).unwrap();
        assert_eq!(answer.headers[1].0.as_str(), "x-vision-notice");
        assert_eq!(answer.headers[1].1.to_str().unwrap(), "half of it");
    }

    #[test]
    fn failures_of_the_module_are_ours_and_keep_their_secrets() {
        for (stdout, exit_code) in
            [("", 0), ("text", 3), ("", 70), (r#"{"statusCode": 9}"#, 0), (r#"{"statusCode": 101}"#, 0)]
        {
            let problem = printed(stdout, exit_code).unwrap_err();
            assert_eq!(problem.code, ErrorCode::Internal);
            assert!(!problem.message.contains("secret"));
        }
        let timeout = ModuleAnswer::from_call(Err(CallError::Timeout { limit: Duration::from_secs(2) }));
        assert_eq!(timeout.unwrap_err().code, ErrorCode::Timeout);
    }
}

//! What a function answers, and how that is printed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use contract::{HttpAnswer, HttpForm, notice};
use serde_json::Value;

use crate::error::FunctionError;
use crate::negotiation::Language;

/// What a function answers. The caller of a bare event gets the content alone, a web client an HTTP answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    content: Content,
    language: Option<Language>,
    notice: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Text(String),
    Json(Value),
    Bytes { content_type: &'static str, bytes: Vec<u8> },
}

impl Answer {
    /// Text; lines end with a line feed.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Content::Text(text.into()))
    }

    /// JSON; a bare event gets it as one line.
    pub fn json(value: impl Into<Value>) -> Self {
        Self::of(Content::Json(value.into()))
    }

    /// Bytes of a content type, such as `image/png`.
    pub fn bytes(content_type: &'static str, bytes: Vec<u8>) -> Self {
        Self::of(Content::Bytes { content_type, bytes })
    }

    fn of(content: Content) -> Self {
        Self { content, language: None, notice: None }
    }

    /// The same, with the language that its words are in.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language: Some(language), ..self }
    }

    /// The same, with something that the caller should know beside it, on one line: a field of a JSON object, a header of
    /// another HTTP answer, a line on standard error for a bare event.
    #[must_use]
    pub fn with_notice(self, notice: Option<String>) -> Self {
        Self { notice: notice.map(|text| text.replace(char::is_control, " ")), ..self }
    }

    pub(crate) fn into_reply(mut self, form: Option<HttpForm>) -> Reply {
        if let (Content::Json(Value::Object(fields)), Some(notice)) = (&mut self.content, &self.notice) {
            fields.insert(notice::FIELD.to_owned(), Value::String(notice.clone()));
        }
        match form {
            Some(form) => self.into_http(form),
            None => self.into_bare(),
        }
    }

    fn into_bare(self) -> Reply {
        let stdout = match self.content {
            Content::Text(text) => text.into_bytes(),
            Content::Json(value) => format!("{value}\n").into_bytes(),
            Content::Bytes { bytes, .. } => bytes,
        };
        let stderr = self.notice.map(|notice| format!("{notice}\n")).unwrap_or_default();
        Reply { stdout, stderr, exit_code: 0 }
    }

    fn into_http(self, form: HttpForm) -> Reply {
        let is_object = matches!(self.content, Content::Json(Value::Object(_)));
        let (content_type, body, is_base64) = match self.content {
            Content::Text(text) => ("text/plain; charset=utf-8", text, false),
            Content::Json(value) => ("application/json; charset=utf-8", value.to_string(), false),
            Content::Bytes { content_type, bytes } => (content_type, BASE64_STANDARD.encode(bytes), true),
        };
        let mut headers =
            vec![("content-type", content_type.to_owned()), ("cache-control", "no-store".to_owned())];
        if let Some(language) = self.language {
            headers.push(("content-language", language.tag().to_owned()));
        }
        if !is_base64 {
            headers.push(("vary", "accept, accept-language".to_owned()));
        }
        if let Some(notice) = self.notice.filter(|_| !is_object) {
            headers.push((notice::HEADER, notice::header_value(&notice)));
        }
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Reply::http(&HttpAnswer { status: 200, headers, body, is_base64 }, form)
    }
}

/// What is printed, and how the function ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// For standard output.
    pub stdout: Vec<u8>,
    /// For standard error.
    pub stderr: String,
    /// 0 answered (also with an HTTP error), else [`ErrorCode::exit_code`](contract::ErrorCode::exit_code).
    pub exit_code: u8,
}

impl Reply {
    /// A failure, in the form that its caller understands.
    pub(crate) fn failure(error: &FunctionError, form: Option<HttpForm>) -> Self {
        match form {
            Some(form) => Self::http(&HttpAnswer::error(error.code(), error.message()), form),
            None => {
                Self { stderr: format!("{error}\n"), exit_code: error.code().exit_code(), ..Self::default() }
            }
        }
    }

    pub(crate) fn http(answer: &HttpAnswer, form: HttpForm) -> Self {
        Self { stdout: format!("{}\n", answer.to_json(form)).into_bytes(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::ErrorCode;
    use serde_json::json;

    fn http(answer: Answer, form: HttpForm) -> HttpAnswer {
        let reply = answer.into_reply(Some(form));
        assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
        HttpAnswer::parse(std::str::from_utf8(&reply.stdout).unwrap()).unwrap()
    }

    fn header<'a>(answer: &'a HttpAnswer, wanted: &str) -> Option<&'a str> {
        answer.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_bare_event_gets_the_content_alone_and_a_notice_on_standard_error() {
        let reply = Answer::text("Lemon\n").with_notice(Some("half is\nmissing".to_owned())).into_reply(None);
        let expected =
            Reply { stdout: b"Lemon\n".to_vec(), stderr: "half is missing\n".to_owned(), exit_code: 0 };
        assert_eq!(reply, expected);
        assert_eq!(Answer::json(json!({"a": 1})).into_reply(None).stdout, b"{\"a\":1}\n");
        assert_eq!(Answer::bytes("image/png", vec![1, 2]).into_reply(None).stdout, [1, 2]);
    }

    #[test]
    fn a_notice_is_a_field_of_json_and_a_header_of_anything_else() {
        let notice = || Some("50 % 缺".to_owned());
        let json = http(Answer::json(json!({"a": 1})).with_notice(notice()), HttpForm::Rest);
        assert_eq!(json.body, r#"{"a":1,"notice":"50 % 缺"}"#);
        assert_eq!(header(&json, "x-vision-notice"), None);
        for answer in [Answer::text("a"), Answer::bytes("image/png", vec![]), Answer::json(json!([1]))] {
            let answer = http(answer.with_notice(notice()), HttpForm::Payload2);
            assert_eq!(header(&answer, "x-vision-notice"), Some("50 %25 %E7%BC%BA"));
        }
    }

    #[test]
    fn bytes_go_to_a_web_client_as_base64() {
        let answer = http(Answer::bytes("image/png", vec![0xFF, 0xD8]), HttpForm::Rest);
        assert_eq!((answer.body.as_str(), answer.is_base64), ("/9g=", true));
        assert_eq!(header(&answer, "content-type"), Some("image/png"));
    }

    #[test]
    fn a_failure_ends_with_its_code_or_is_an_http_answer() {
        let error = FunctionError::new(ErrorCode::TooLarge, "one\nline");
        let reply = Reply::failure(&error, None);
        assert_eq!((reply.exit_code, reply.stderr.as_str(), reply.stdout.len()), (13, "one line\n", 0));
        let reply = Reply::failure(&error, Some(HttpForm::Balancer));
        assert!(
            String::from_utf8(reply.stdout)
                .unwrap()
                .contains("\"statusDescription\":\"413 Content Too Large\"")
        );
        assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
    }
}

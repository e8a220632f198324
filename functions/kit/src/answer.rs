//! What a function answers, and how that is printed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use contract::{HttpAnswer, HttpForm, file, notice};
use serde_json::{Value, json};

use crate::error::FunctionError;
use crate::event::Sender;
use crate::negotiation::Language;

/// What a function answers. Whoever sent a picture as it is gets the content alone, a program that sent JSON gets JSON, a web
/// client an HTTP answer.
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
    Bytes { content_type: &'static str, bytes: Vec<u8>, suffix: Option<String> },
}

/// A file of several that an answer consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is put behind a picture's name to name this file: `.thumb-160.jpg`.
    pub suffix: String,
    /// Its type, such as `image/jpeg`.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
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

    /// Bytes of a content type, such as a picture: `image/png`.
    pub fn bytes(content_type: &'static str, bytes: Vec<u8>) -> Self {
        Self::of(Content::Bytes { content_type, bytes, suffix: None })
    }

    /// Several files: JSON, in every form of an answer.
    pub fn files(files: Vec<File>) -> Self {
        let of = |File { suffix, content_type, bytes }: File| wire(content_type, &bytes, Some(suffix));
        Self::json(json!(file::Files { files: files.into_iter().map(of).collect() }))
    }

    fn of(content: Content) -> Self {
        Self { content, language: None, notice: None }
    }

    /// The same, with what is put behind a picture's key in a bucket to name these bytes, such as `.thumb-160.jpg`. Without it the
    /// function's [name](crate::run_as) and their type make one: `.cutout.png`.
    #[must_use]
    pub fn with_suffix(mut self, name: impl Into<String>) -> Self {
        if let Content::Bytes { suffix, .. } = &mut self.content {
            *suffix = Some(name.into());
        }
        self
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

    /// What is printed of it, by a function of this name.
    pub(crate) fn into_reply(mut self, sender: Sender, function: Option<&str>) -> Reply {
        if let Content::Bytes { content_type, suffix, .. } = &mut self.content {
            let of_function = |name| format!(".{name}.{}", file::extension(content_type));
            *suffix = suffix.take().or_else(|| function.map(of_function));
        }
        self.content = match (self.content, sender) {
            (Content::Bytes { content_type, bytes, suffix }, Sender::Json) => {
                Content::Json(json!(wire(content_type, &bytes, suffix)))
            }
            (content, _) => content,
        };
        if let (Content::Json(Value::Object(fields)), Some(notice)) = (&mut self.content, &self.notice) {
            fields.insert(notice::FIELD.to_owned(), Value::String(notice.clone()));
        }
        match sender {
            Sender::Http(form) => self.into_http(form),
            Sender::Json | Sender::Bytes => self.into_bare(),
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
        let (content_type, body, suffix, is_base64) = match self.content {
            Content::Text(text) => ("text/plain; charset=utf-8", text, None, false),
            Content::Json(value) => ("application/json; charset=utf-8", value.to_string(), None, false),
            Content::Bytes { content_type, bytes, suffix } => {
                (content_type, BASE64_STANDARD.encode(bytes), suffix, true)
            }
        };
        let mut headers =
            vec![("content-type", content_type.to_owned()), ("cache-control", "no-store".to_owned())];
        if let Some(language) = self.language {
            headers.push(("content-language", language.tag().to_owned()));
        }
        if !is_base64 {
            headers.push(("vary", "accept, accept-language".to_owned()));
        }
        headers.extend(suffix.map(|suffix| (file::SUFFIX_HEADER, suffix)));
        if let Some(notice) = self.notice.filter(|_| !is_object) {
            headers.push((notice::HEADER, notice::header_value(&notice)));
        }
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Reply::http(&HttpAnswer { status: 200, headers, body, is_base64 }, form)
    }
}

fn wire(content_type: &str, bytes: &[u8], suffix: Option<String>) -> file::File {
    file::File { body: BASE64_STANDARD.encode(bytes), content_type: content_type.to_owned(), suffix }
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
    /// A failure, in the form that its caller understands; of a function of this name.
    pub(crate) fn failure(error: &FunctionError, form: Option<HttpForm>, function: Option<&str>) -> Self {
        match form {
            Some(form) => {
                let mut answer = HttpAnswer::error(error.code(), error.message());
                let of_function = |name| (file::SUFFIX_HEADER.to_owned(), format!(".{name}.json"));
                answer.headers.extend(function.map(of_function));
                Self::http(&answer, form)
            }
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

    fn http(answer: Answer, form: HttpForm) -> HttpAnswer {
        let reply = answer.into_reply(Sender::Http(form), Some("cutout"));
        assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
        HttpAnswer::parse(std::str::from_utf8(&reply.stdout).unwrap()).unwrap()
    }

    fn header<'a>(answer: &'a HttpAnswer, wanted: &str) -> Option<&'a str> {
        answer.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    fn json_of(answer: Answer) -> Value {
        serde_json::from_slice(&answer.into_reply(Sender::Json, Some("cutout")).stdout).unwrap()
    }

    #[test]
    fn a_bare_event_gets_the_content_alone_and_a_notice_on_standard_error() {
        let with_notice = Answer::text("Lemon\n").with_notice(Some("half is\nmissing".to_owned()));
        for sender in [Sender::Json, Sender::Bytes] {
            let reply = with_notice.clone().into_reply(sender, None);
            let expected =
                Reply { stdout: b"Lemon\n".to_vec(), stderr: "half is missing\n".to_owned(), exit_code: 0 };
            assert_eq!(reply, expected);
            assert_eq!(Answer::json(json!({"a": 1})).into_reply(sender, None).stdout, b"{\"a\":1}\n");
        }
    }

    #[test]
    fn whoever_sent_a_picture_gets_one_and_who_sent_json_gets_json() {
        let answer = || Answer::bytes("image/png", vec![0xFF, 0xD8]);
        assert_eq!(answer().into_reply(Sender::Bytes, Some("cutout")).stdout, [0xFF, 0xD8]);
        let expected = json!({"body": "/9g=", "content_type": "image/png", "suffix": ".cutout.png"});
        assert_eq!(json_of(answer()), expected);
        let reply = answer().with_notice(Some("half".to_owned())).into_reply(Sender::Json, None);
        let expected = "{\"body\":\"/9g=\",\"content_type\":\"image/png\",\"notice\":\"half\"}\n";
        assert_eq!((reply.stdout.as_slice(), reply.stderr.as_str()), (expected.as_bytes(), "half\n"));
    }

    #[test]
    fn several_files_are_json_in_every_form() {
        let file = |width: u32| File {
            suffix: format!(".thumb-{width}.jpg"),
            content_type: "image/jpeg",
            bytes: vec![0xFF],
        };
        let answer = || Answer::files(vec![file(160), file(480)]);
        let expected = json!({"files": [
            {"body": "/w==", "content_type": "image/jpeg", "suffix": ".thumb-160.jpg"},
            {"body": "/w==", "content_type": "image/jpeg", "suffix": ".thumb-480.jpg"},
        ]});
        assert_eq!(json_of(answer()), expected);
        let http = http(answer(), HttpForm::Payload2);
        assert_eq!(serde_json::from_str::<Value>(&http.body).unwrap(), expected);
        assert_eq!((http.is_base64, header(&http, file::SUFFIX_HEADER)), (false, None));
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
    fn bytes_go_to_a_web_client_as_base64_in_the_form_of_its_gateway() {
        let answer = || Answer::bytes("image/png", vec![0xFF, 0xD8]);
        for form in [HttpForm::Rest, HttpForm::Payload2, HttpForm::Balancer, HttpForm::BalancerLists] {
            let found = http(answer(), form);
            assert_eq!((found.body.as_str(), found.is_base64), ("/9g=", true));
            assert_eq!(header(&found, "content-type"), Some("image/png"));
            assert_eq!(header(&found, "x-vision-suffix"), Some(".cutout.png"));
        }
        let named = http(answer().with_suffix(".thumb-160.png"), HttpForm::Rest);
        assert_eq!(header(&named, "x-vision-suffix"), Some(".thumb-160.png"));
        let nameless = answer().into_reply(Sender::Http(HttpForm::Rest), None);
        assert!(!String::from_utf8(nameless.stdout).unwrap().contains("suffix"));
    }

    #[test]
    fn a_failure_ends_with_its_code_or_is_an_http_answer() {
        let error = FunctionError::new(ErrorCode::TooLarge, "one\nline");
        let reply = Reply::failure(&error, None, Some("cutout"));
        assert_eq!((reply.exit_code, reply.stderr.as_str(), reply.stdout.len()), (13, "one line\n", 0));
        let reply = Reply::failure(&error, Some(HttpForm::Balancer), Some("cutout"));
        let answer = String::from_utf8(reply.stdout).unwrap();
        assert!(answer.contains("\"statusDescription\":\"413 Content Too Large\""), "{answer}");
        assert!(answer.contains("\"x-vision-suffix\":\".cutout.json\""), "{answer}");
        assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
    }
}

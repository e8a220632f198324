//! HTTP events about uploads, told from those for the module.

use contract::{ErrorCode, HttpAnswer, HttpForm};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::places::Uploads;
use super::refusal::{Refusal, none_here};
use super::request::NewUpload;
use crate::trigger::objects::service::Service;
use crate::trigger::reply::Reply;

/// The path of uploads, behind whatever a gateway puts in front.
const PATH: &str = "/v1/uploads";

/// Larger events carry pictures.
const MAX_BYTES: usize = 64 << 10;

/// A request about uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::trigger) struct UploadEvent {
    form: HttpForm,
    method: String,
    /// Up to [`PATH`], with what the gateway put in front.
    base: String,
    id: Option<String>,
    body: Vec<u8>,
}

/// As the gateways write it; fields that are something else are as if they were missing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Fields {
    http_method: Value,
    path: Value,
    raw_path: Value,
    request_context: Value,
    body: Value,
    is_base64_encoded: Value,
}

/// The request about uploads that an event is; nothing where it is something else.
pub(in crate::trigger) fn upload_event(event: &[u8]) -> Option<UploadEvent> {
    if event.len() > MAX_BYTES || !mentions_path(event) {
        return None;
    }
    let form = HttpForm::guess(event)?;
    let fields: Fields = serde_json::from_slice(event).ok()?;
    let (method, path) = match form {
        HttpForm::Payload2 => {
            (fields.request_context.pointer("/http/method")?.as_str()?, fields.raw_path.as_str()?)
        }
        _ => (fields.http_method.as_str()?, fields.path.as_str()?),
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    let (base, id) = if path.ends_with(PATH) {
        (path, None)
    } else {
        let (base, id) = path.rsplit_once('/').filter(|(base, _)| base.ends_with(PATH))?;
        (base, Some(id.to_owned()))
    };
    let text = fields.body.as_str().unwrap_or_default();
    let body = if fields.is_base64_encoded == Value::Bool(true) {
        base64_simd::STANDARD.decode_to_vec(text).unwrap_or_default()
    } else {
        text.as_bytes().to_vec()
    };
    Some(UploadEvent { form, method: method.to_owned(), base: base.to_owned(), id, body })
}

/// Slashes may stand escaped in JSON.
fn mentions_path(event: &[u8]) -> bool {
    [PATH, r"\/v1\/uploads"].iter().any(|path| memmem::find(event, path.as_bytes()).is_some())
}

impl UploadEvent {
    /// Answers the request.
    pub(in crate::trigger) async fn answer<S: Service>(&self, uploads: Option<&Uploads<S>>) -> Reply {
        let answered = match uploads {
            Some(uploads) => self.answer_with(uploads).await,
            None => Err(none_here()),
        };
        let mut answer = answered.unwrap_or_else(|(code, message)| HttpAnswer::error(code, message));
        if answer.status == ErrorCode::MethodNotAllowed.status() {
            let allowed = if self.id.is_some() { "GET" } else { "POST" };
            answer.headers.push(("allow".to_owned(), allowed.to_owned()));
        }
        Reply::Answer(answer.to_json(self.form).into())
    }

    async fn answer_with<S: Service>(&self, uploads: &Uploads<S>) -> Result<HttpAnswer, Refusal> {
        match (self.method.as_str(), &self.id) {
            ("POST", None) => {
                let ticket = uploads.place(&NewUpload::parse(&self.body)?, &self.base).await?;
                Ok(json(201, &ticket))
            }
            ("GET", Some(id)) => {
                let progress = uploads.progress(id).await?;
                Ok(json(progress.http_status(), &progress))
            }
            (method, id) => {
                let what = if id.is_some() {
                    "GET tells what became of an upload"
                } else {
                    "POST gives a place for one"
                };
                let method: String = method.chars().take(20).collect();
                Err((ErrorCode::MethodNotAllowed, format!("{method} is not what this address takes: {what}")))
            }
        }
    }
}

fn json(status: u16, body: &impl Serialize) -> HttpAnswer {
    let mut answer = HttpAnswer::error(ErrorCode::Internal, "");
    answer.status = status;
    // Texts and numbers: nothing can fail.
    answer.body = serde_json::to_string(body).unwrap_or_default();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parsed(event: &Value) -> Option<(String, String, Option<String>, String)> {
        let UploadEvent { method, base, id, body, .. } = upload_event(event.to_string().as_bytes())?;
        Some((method, base, id, String::from_utf8(body).unwrap()))
    }

    #[test]
    fn requests_of_every_gateway_are_known() {
        let place = |base: &str| Some(("POST".into(), base.into(), None, "{}".into()));
        for (event, expected) in [
            (json!({"httpMethod": "POST", "path": "/v1/uploads", "body": "{}"}), place("/v1/uploads")),
            (
                json!({"httpMethod": "POST", "path": "/v1/uploads/", "body": "e30=", "isBase64Encoded": true}),
                place("/v1/uploads"),
            ),
            (
                json!({"rawPath": "/prod/v1/uploads", "requestContext": {"http": {"method": "POST"}}, "body": "{}"}),
                place("/prod/v1/uploads"),
            ),
            (
                json!({"httpMethod": "POST", "path": "/v1/uploads", "requestContext": {"elb": {}}, "body": "{}"}),
                place("/v1/uploads"),
            ),
            (
                json!({"httpMethod": "GET", "path": "/v1/uploads/abc.jpg", "body": null}),
                Some(("GET".into(), "/v1/uploads".into(), Some("abc.jpg".into()), String::new())),
            ),
        ] {
            assert_eq!(parsed(&event), expected, "{event}");
        }
        let escaped = br#"{"httpMethod": "GET", "path": "\/v1\/uploads\/abc.jpg"}"#;
        assert!(upload_event(escaped).is_some());
    }

    #[test]
    fn what_else_comes_is_the_modules() {
        for event in [
            json!({"httpMethod": "POST", "path": "/v1/recognize", "body": "/v1/uploads"}),
            json!({"httpMethod": "POST", "path": "/v1/uploads/a/b"}),
            json!({"httpMethod": "POST", "path": "/v1/uploadsx"}),
            json!({"path": "/v1/uploads"}),
            json!({"body": "/v1/uploads"}),
            json!({"httpMethod": "POST", "path": ["/v1/uploads"]}),
            json!({"httpMethod": "POST", "path": "/v1/uploads", "body": "A".repeat(MAX_BYTES)}),
            json!({"rawPath": "/v1/uploads", "requestContext": null}),
        ] {
            assert_eq!(parsed(&event), None, "{event}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_not(event in proptest::collection::vec(any::<u8>(), 0..200)) {
            upload_event(&event);
        }

        #[test]
        fn any_fields_are_a_request_or_not(
            method in "(GET|POST|.{0,5})", path in "(/x)?/v1/uploads(/.{0,10})?", body in ".{0,20}", is_base64: bool
        ) {
            upload_event(
                json!({"httpMethod": method, "path": path, "body": body, "isBase64Encoded": is_base64})
                    .to_string()
                    .as_bytes(),
            );
        }
    }
}

//! Reading and writing objects.
//!
//! Requests go out by hyper itself: the clients above it take a URL as browsers do, and would make `a/../b` another key.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderMap, HeaderName};
use hyper::{Method, Request, Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thiserror::Error;

use super::address::{ObjectAddress, Unaddressable};
use super::service::{Service, Signed, Unsigned};
use crate::trigger::backoff::Backoff;
use crate::trigger::causes::causes;

/// Attempts against a storage that answers 5xx or breaks off; after that the platform sends the event again.
const ATTEMPTS: u32 = 3;

/// The longest that one attempt may take, however much time the event has left.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest that a connection may take to be there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is read of an answer that is no object.
const ANSWER_BYTES: usize = 64 << 10;

/// Why an object could not be read or written.
#[derive(Debug, Error, PartialEq, Eq)]
pub(in crate::trigger) enum StorageError {
    #[error("there is no such object")]
    NotFound,
    #[error("the object has {found} bytes, accepted are up to {limit}")]
    TooLarge { found: u64, limit: usize },
    #[error(
        "the storage refused to {action} {object} (403{said}): let the function's run role do so, see {document}"
    )]
    Forbidden { action: &'static str, object: String, said: Said, document: &'static str },
    #[error("{object} is not as it was when asked to {action} it")]
    Changed { action: &'static str, object: String },
    #[error("the storage answered {status} when asked to {action} {object}{said}")]
    Status { action: &'static str, object: String, status: u16, said: Said },
    #[error("no answer from the storage when asked to {action} {object}: {reason}")]
    Connection { action: &'static str, object: String, reason: String },
    #[error("the key {0:?} leads out of its bucket or to the bucket itself, which no storage has")]
    Unaddressable(String),
}

/// The storage's own word for what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::trigger) struct Said(Option<String>);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |code| write!(f, ", {code}"))
    }
}

impl Said {
    /// The code in an error of S3 or COS: `<Error><Code>NoSuchBucket</Code>…`.
    fn of(body: &[u8]) -> Self {
        let code = || {
            let (_, rest) = std::str::from_utf8(body).ok()?.split_once("<Code>")?;
            let (code, _) = rest.split_once("</Code>")?;
            let is_word = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            is_word.then(|| code.to_owned())
        };
        Self(code())
    }
}

/// What comes of one attempt.
enum Attempt {
    /// It succeeded.
    Done(Received),
    /// It failed, and will fail again.
    Failed(StorageError),
    /// It failed, which may pass by itself.
    Again(StorageError),
}

/// What a storage answered.
#[derive(Debug)]
pub(in crate::trigger) struct Received {
    pub(in crate::trigger) headers: HeaderMap,
    pub(in crate::trigger) body: Bytes,
}

impl Received {
    /// A header that is text.
    pub(in crate::trigger) fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// What the contents are called, without quotes.
    pub(in crate::trigger) fn etag(&self) -> Option<String> {
        self.header("etag").map(|etag| etag.trim_matches('"').to_owned())
    }
}

/// A client for the objects of a storage.
#[derive(Debug)]
pub(in crate::trigger) struct Storage<S> {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    pub(in crate::trigger) service: S,
}

/// What is asked of a storage.
#[derive(Debug)]
pub(in crate::trigger) struct Ask<'a> {
    /// For people: read, write.
    action: &'static str,
    request: Unsigned<'a>,
    /// Bytes that are read of a good answer.
    limit: usize,
}

impl<'a> Ask<'a> {
    fn new(action: &'static str, method: Method, object: &'a ObjectAddress) -> Self {
        let request = Unsigned { method, object, query: Vec::new(), headers: Vec::new(), body: Bytes::new() };
        Self { action, request, limit: ANSWER_BYTES }
    }

    /// The object, of at most `limit` bytes.
    pub(in crate::trigger) fn read(object: &'a ObjectAddress, limit: usize) -> Self {
        Self { limit, ..Self::new("read", Method::GET, object) }
    }

    /// Names of a bucket's objects, by the parameters of [`Service::listing`]; `bucket` is an address without a key.
    pub(super) fn list(bucket: &'a ObjectAddress, query: Vec<(&'static str, String)>, limit: usize) -> Self {
        let mut ask = Self { limit, ..Self::new("list", Method::GET, bucket) };
        ask.request.query = query;
        ask
    }

    /// What is known of the object.
    pub(in crate::trigger) fn look(object: &'a ObjectAddress) -> Self {
        Self::new("look at", Method::HEAD, object)
    }

    /// Has the object be these bytes from now on.
    pub(in crate::trigger) fn write(object: &'a ObjectAddress, content_type: &str, body: Bytes) -> Self {
        let mut ask = Self::new("write", Method::PUT, object).header("content-type", content_type);
        ask.request.body = body;
        ask
    }

    /// The same with other words for people.
    pub(super) fn to(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    /// The same with a header, its name in lower case.
    pub(in crate::trigger) fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// The same with a parameter, if there is a value.
    pub(in crate::trigger) fn query(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.request.query.extend(value.map(|value| (name, value.to_owned())));
        self
    }

    fn object(&self) -> String {
        format!("{}/{}", self.request.object.bucket, self.request.object.key)
    }
}

impl<S: Service> Storage<S> {
    pub(in crate::trigger) fn new(service: S) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        // Nothing is asked of a proxy, and no redirection is followed: whoever redirects a signed request would get the
        // token.
        Self { client: Client::builder(TokioExecutor::new()).build(connector), service }
    }

    /// Asks until there is an answer, as often as that may help.
    pub(in crate::trigger) async fn ask(
        &self,
        ask: &Ask<'_>,
        credentials: &S::Credentials,
        deadline: Instant,
    ) -> Result<Received, StorageError> {
        let mut backoff = Backoff::default();
        let mut attempt = 1;
        loop {
            let time = deadline.saturating_duration_since(Instant::now()).min(ATTEMPT_TIMEOUT);
            let request = self.signed(ask, credentials)?;
            let late = |_| Attempt::Again(broken(ask, format!("it did not come within {time:?}")));
            let came_of_it = tokio::time::timeout(time, self.once(ask, request)).await.unwrap_or_else(late);
            match came_of_it {
                Attempt::Done(received) => return Ok(received),
                Attempt::Failed(error) => return Err(error),
                Attempt::Again(error) if attempt == ATTEMPTS || Instant::now() >= deadline => {
                    return Err(error);
                }
                Attempt::Again(_) => {
                    attempt += 1;
                    backoff.wait().await;
                }
            }
        }
    }

    async fn once(&self, ask: &Ask<'_>, request: Request<Full<Bytes>>) -> Attempt {
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) => return Attempt::Again(broken(ask, causes(&error))),
        };
        let is_good = response.status().is_success();
        let (status, limit) = (response.status(), if is_good { ask.limit } else { ANSWER_BYTES });
        // The answer to HEAD has the length of what it does not have.
        let read = if ask.request.method == Method::HEAD {
            Ok(Ok(Received { headers: response.into_parts().0.headers, body: Bytes::new() }))
        } else {
            read(response, limit).await
        };
        match read {
            Ok(Ok(received)) if is_good => Attempt::Done(received),
            Ok(Err(TooLarge(found))) if is_good => Attempt::Failed(StorageError::TooLarge { found, limit }),
            Ok(Ok(received)) => self.refused(ask, status, Said::of(&received.body)),
            Ok(Err(_)) => self.refused(ask, status, Said::default()),
            Err(error) => Attempt::Again(broken(ask, causes(&error))),
        }
    }

    fn signed(
        &self,
        ask: &Ask<'_>,
        credentials: &S::Credentials,
    ) -> Result<Request<Full<Bytes>>, StorageError> {
        let unaddressable = || StorageError::Unaddressable(ask.request.object.key.clone());
        let Signed { url, headers } =
            self.service.sign(&ask.request, credentials).map_err(|Unaddressable| unaddressable())?;
        let mut request = Request::builder().method(ask.request.method.clone()).uri(url);
        for (name, value) in &ask.request.headers {
            request = request.header(HeaderName::try_from(name).map_err(|_| unaddressable())?, value);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(Full::new(ask.request.body.clone())).map_err(|_| unaddressable())
    }

    fn refused(&self, ask: &Ask<'_>, status: StatusCode, said: Said) -> Attempt {
        let (action, object, document) = (ask.action, ask.object(), S::DOCUMENT);
        match status {
            StatusCode::NOT_FOUND if ask.request.method != Method::PUT => {
                Attempt::Failed(StorageError::NotFound)
            }
            // The marker of a deleted object in a bucket with versions.
            StatusCode::METHOD_NOT_ALLOWED if ask.request.method == Method::GET => {
                Attempt::Failed(StorageError::NotFound)
            }
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                Attempt::Failed(StorageError::Forbidden { action, object, said, document })
            }
            StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT => {
                Attempt::Failed(StorageError::Changed { action, object })
            }
            status => {
                // The storage gave up waiting for us; the connection was slow.
                let is_late = said.0.as_deref() == Some("RequestTimeout");
                let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || is_late;
                // What it does not know, it will not know later.
                let passes = passes && status != StatusCode::NOT_IMPLEMENTED;
                let error = StorageError::Status { action, object, status: status.as_u16(), said };
                if passes { Attempt::Again(error) } else { Attempt::Failed(error) }
            }
        }
    }
}

fn broken(ask: &Ask<'_>, reason: String) -> StorageError {
    StorageError::Connection { action: ask.action, object: ask.object(), reason }
}

/// The bytes of an object that has more than is read.
struct TooLarge(u64);

/// Reads an answer. Of one that tells its length, nothing is read if that is over the limit.
async fn read(
    response: Response<Incoming>,
    limit: usize,
) -> Result<Result<Received, TooLarge>, hyper::Error> {
    let (head, mut body) = response.into_parts();
    match body.size_hint().exact() {
        Some(found) if found > limit as u64 => return Ok(Err(TooLarge(found))),
        _ => {}
    }
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        read.extend_from_slice(&data);
        if read.len() > limit {
            return Ok(Err(TooLarge(read.len() as u64)));
        }
    }
    Ok(Ok(Received { headers: head.headers, body: read.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_storages_word_is_read_and_nothing_else() {
        let said = |body: &str| Said::of(body.as_bytes()).to_string();
        assert_eq!(said("<Error><Code>NoSuchBucket</Code><Message>x</Message></Error>"), ", NoSuchBucket");
        for body in
            ["", "<Code>", "<Code>two words</Code>", "no", &format!("<Code>{}</Code>", "x".repeat(65))]
        {
            assert_eq!(said(body), "");
        }
    }
}

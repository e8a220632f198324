//! Reading and writing objects, signed.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use percent_encoding::{AsciiSet, utf8_percent_encode};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use thiserror::Error;

use super::credentials::Credentials;
use super::notification::ObjectAddress;
use super::signature::{self, RESERVED, SignedParts};
use crate::trigger::scf::ScfError;
use crate::trigger::scf::backoff::Backoff;
use crate::trigger::scf::runtime_api::causes;

/// A path keeps its slashes.
const PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Clocks may differ by a minute; nothing is asked for longer than ten.
const CLOCK_SKEW_SECONDS: u64 = 60;
const VALID_SECONDS: u64 = 600;

/// Attempts against a storage that answers 5xx or breaks off; after that the platform sends the event again.
const ATTEMPTS: u32 = 3;

/// The longest that one attempt may take, however much time the event has left.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// Why an object could not be read or written.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum StorageError {
    #[error("there is no such object")]
    NotFound,
    #[error("the object has {found} bytes, accepted are up to {limit}")]
    TooLarge { found: u64, limit: usize },
    #[error(
        "the storage refused to {action} {object} (403): let the function's run role do so, see docs/deploy.md"
    )]
    Forbidden { action: &'static str, object: String },
    #[error("the storage answered {status} when asked to {action} {object}")]
    Status { action: &'static str, object: String, status: u16 },
    #[error("no answer from the storage when asked to {action} {object}: {reason}")]
    Connection { action: &'static str, object: String, reason: String },
    #[error("the key {0:?} has a segment . or .., which no URL can carry")]
    Unaddressable(String),
    #[error("{0}")]
    Handler(String),
}

/// A client for buckets at a templated address.
#[derive(Debug)]
pub(super) struct Storage {
    client: Client,
    endpoint: String,
}

impl Storage {
    pub(super) fn new(endpoint: &str) -> Result<Self, ScfError> {
        let example = endpoint.replace("{bucket}", "b-1").replace("{region}", "r");
        let address = Url::parse(&example).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if !endpoint.contains("{bucket}") || address.is_none() {
            return Err(ScfError::Configuration(format!(
                "VISION_COS_ENDPOINT is {endpoint:?}, accepted is a URL with {{bucket}} (and {{region}}) in it"
            )));
        }
        let client = Client::builder()
            .no_proxy()
            // Whoever redirects a signed request would get the token.
            .redirect(Policy::none())
            .build()
            .map_err(|error| ScfError::Client { purpose: "object storage", reason: causes(&error) })?;
        Ok(Self { client, endpoint: endpoint.trim_end_matches('/').to_owned() })
    }

    /// The object's bytes, at most `limit` of them.
    pub(super) async fn get(
        &self,
        address: &ObjectAddress,
        credentials: &Credentials,
        limit: usize,
        deadline: Instant,
    ) -> Result<Bytes, StorageError> {
        let request = Request { method: Method::GET, action: "read", address, body: None };
        self.attempts(&request, credentials, deadline, async |response| read(response, limit).await).await
    }

    /// Writes (or overwrites) the object.
    pub(super) async fn put(
        &self,
        address: &ObjectAddress,
        credentials: &Credentials,
        json: Bytes,
        deadline: Instant,
    ) -> Result<(), StorageError> {
        let request = Request { method: Method::PUT, action: "write", address, body: Some(json) };
        self.attempts(&request, credentials, deadline, async |_| Ok(Ok(()))).await
    }

    async fn attempts<T>(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        deadline: Instant,
        read: impl AsyncFn(Response) -> Result<Result<T, StorageError>, reqwest::Error>,
    ) -> Result<T, StorageError> {
        let mut backoff = Backoff::default();
        let mut attempt = 1;
        loop {
            let time = deadline.saturating_duration_since(Instant::now()).min(ATTEMPT_TIMEOUT);
            let error = match self.signed(request, credentials)?.timeout(time).send().await {
                Ok(response) if response.status().is_success() => match read(response).await {
                    Ok(result) => return result,
                    Err(error) => request.broken(&error),
                },
                Ok(response) => request.refused(response.status())?,
                Err(error) => request.broken(&error),
            };
            if attempt == ATTEMPTS || Instant::now() >= deadline {
                return Err(error);
            }
            attempt += 1;
            backoff.wait().await;
        }
    }

    fn signed(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
    ) -> Result<RequestBuilder, StorageError> {
        let ObjectAddress { bucket, region, key } = request.address;
        let unaddressable = || StorageError::Unaddressable(key.clone());
        let base = self.endpoint.replace("{bucket}", bucket).replace("{region}", region);
        let base = Url::parse(&base).map_err(|_| unaddressable())?;
        let before = base.path().trim_end_matches('/');
        let encoded = format!("{before}/{}", utf8_percent_encode(key, PATH));
        let mut url = base.clone();
        url.set_path(&encoded);
        if url.path() != encoded {
            return Err(unaddressable());
        }
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let mut headers = vec![("host", host.as_str())];
        headers.extend(credentials.token.as_deref().map(|token| ("x-cos-security-token", token)));
        let method = request.method.as_str().to_lowercase();
        let path = format!("{before}/{key}");
        let parts = SignedParts { method: &method, path: &path, query: &[], headers: &headers };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (start, end) = (now.saturating_sub(CLOCK_SKEW_SECONDS), now + VALID_SECONDS);
        let authorization = signature::authorization(&parts, credentials, start, end);
        let mut builder =
            self.client.request(request.method.clone(), url).header("authorization", authorization);
        if let Some(token) = &credentials.token {
            builder = builder.header("x-cos-security-token", token);
        }
        if let Some(body) = &request.body {
            builder = builder.header("content-type", "application/json").body(body.clone());
        }
        Ok(builder)
    }
}

struct Request<'a> {
    method: Method,
    action: &'static str,
    address: &'a ObjectAddress,
    body: Option<Bytes>,
}

impl Request<'_> {
    fn object(&self) -> String {
        format!("{}/{}", self.address.bucket, self.address.key)
    }

    fn broken(&self, error: &reqwest::Error) -> StorageError {
        StorageError::Connection { action: self.action, object: self.object(), reason: causes(error) }
    }

    /// What may pass by itself is returned as a value, what stays so as an error.
    fn refused(&self, status: StatusCode) -> Result<StorageError, StorageError> {
        let (action, object) = (self.action, self.object());
        match status {
            StatusCode::NOT_FOUND if self.method == Method::GET => Err(StorageError::NotFound),
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                Err(StorageError::Forbidden { action, object })
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Ok(StorageError::Status { action, object, status: status.as_u16() })
            }
            status => Err(StorageError::Status { action, object, status: status.as_u16() }),
        }
    }
}

async fn read(mut response: Response, limit: usize) -> Result<Result<Bytes, StorageError>, reqwest::Error> {
    let too_large = |found: u64| Ok(Err(StorageError::TooLarge { found, limit }));
    match response.content_length() {
        Some(found) if found > limit as u64 => return too_large(found),
        _ => {}
    }
    let mut object = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        object.extend_from_slice(&chunk);
        if object.len() > limit {
            return too_large(object.len() as u64);
        }
    }
    Ok(Ok(object.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_url(key: &str) -> Result<Url, StorageError> {
        let storage = Storage::new("https://{bucket}.cos.{region}.myqcloud.com").unwrap();
        let address = ObjectAddress {
            bucket: "vision-1250000000".into(),
            region: "ap-guangzhou".into(),
            key: key.to_owned(),
        };
        let credentials =
            Credentials { secret_id: "id".into(), secret_key: "key".into(), token: Some("TOKEN".into()) };
        let request = Request { method: Method::GET, action: "read", address: &address, body: None };
        let request = storage.signed(&request, &credentials)?.build().unwrap();
        assert_eq!(request.headers()["x-cos-security-token"], "TOKEN");
        Ok(request.url().clone())
    }

    #[test]
    fn keys_are_encoded_but_for_their_slashes() {
        assert_eq!(
            request_url("in/番 茄?#%.jpg").unwrap().as_str(),
            "https://vision-1250000000.cos.ap-guangzhou.myqcloud.com/in/%E7%95%AA%20%E8%8C%84%3F%23%25.jpg"
        );
    }

    #[test]
    fn keys_that_a_url_would_shorten_are_refused() {
        for key in ["../x", "a/../b", "a/./b", "."] {
            assert_eq!(request_url(key).unwrap_err(), StorageError::Unaddressable(key.to_owned()));
        }
    }

    #[test]
    fn an_endpoint_without_a_bucket_is_refused() {
        for endpoint in ["https://cos.example", "{bucket}", "ftp://{bucket}.example", ""] {
            let error = Storage::new(endpoint).unwrap_err().to_string();
            assert!(error.contains("accepted is a URL with {bucket}"), "{error}");
        }
    }
}

//! Reading and writing objects.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use thiserror::Error;

use super::address::{ObjectAddress, Unaddressable};
use super::service::{Service, Signed};
use crate::trigger::backoff::Backoff;
use crate::trigger::causes::causes;

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
}

/// What comes of one attempt.
enum Attempt<T> {
    /// It succeeded.
    Done(T),
    /// It failed, and will fail again.
    Failed(StorageError),
    /// It failed, which may pass by itself.
    Again(StorageError),
}

/// A client for the objects of a storage.
#[derive(Debug)]
pub(super) struct Storage<S> {
    client: Client,
    pub(super) service: S,
}

impl<S: Service> Storage<S> {
    pub(super) fn new(service: S) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .no_proxy()
            // Whoever redirects a signed request would get the token.
            .redirect(Policy::none())
            .build()?;
        Ok(Self { client, service })
    }

    /// The object's bytes, at most `limit` of them.
    pub(super) async fn get(
        &self,
        address: &ObjectAddress,
        credentials: &S::Credentials,
        limit: usize,
        deadline: Instant,
    ) -> Result<Bytes, StorageError> {
        let request = Request { method: Method::GET, action: "read", address, body: None };
        self.attempts(&request, credentials, deadline, async |response| match read(response, limit).await {
            Ok(Body::Whole(object)) => Attempt::Done(object),
            Ok(Body::TooLarge { found }) => Attempt::Failed(StorageError::TooLarge { found, limit }),
            Err(error) => Attempt::Again(request.broken(&error)),
        })
        .await
    }

    /// Writes (or overwrites) the object.
    pub(super) async fn put(
        &self,
        address: &ObjectAddress,
        credentials: &S::Credentials,
        json: Bytes,
        deadline: Instant,
    ) -> Result<(), StorageError> {
        let request = Request { method: Method::PUT, action: "write", address, body: Some(json) };
        self.attempts(&request, credentials, deadline, async |_| Attempt::Done(())).await
    }

    async fn attempts<T>(
        &self,
        request: &Request<'_>,
        credentials: &S::Credentials,
        deadline: Instant,
        read: impl AsyncFn(Response) -> Attempt<T>,
    ) -> Result<T, StorageError> {
        let mut backoff = Backoff::default();
        let mut attempt = 1;
        loop {
            let time = deadline.saturating_duration_since(Instant::now()).min(ATTEMPT_TIMEOUT);
            let came_of_it = match self.signed(request, credentials)?.timeout(time).send().await {
                Ok(response) if response.status().is_success() => read(response).await,
                Ok(response) => request.refused(response.status()),
                Err(error) => Attempt::Again(request.broken(&error)),
            };
            match came_of_it {
                Attempt::Done(done) => return Ok(done),
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

    fn signed(
        &self,
        request: &Request<'_>,
        credentials: &S::Credentials,
    ) -> Result<RequestBuilder, StorageError> {
        let signed = self.service.sign(&request.method, request.address, credentials);
        let Signed { url, headers } =
            signed.map_err(|Unaddressable| StorageError::Unaddressable(request.address.key.clone()))?;
        let mut builder = self.client.request(request.method.clone(), url);
        for (name, value) in headers {
            builder = builder.header(name, value);
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

    fn refused<T>(&self, status: StatusCode) -> Attempt<T> {
        let (action, object) = (self.action, self.object());
        match status {
            StatusCode::NOT_FOUND if self.method == Method::GET => Attempt::Failed(StorageError::NotFound),
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                Attempt::Failed(StorageError::Forbidden { action, object })
            }
            status => {
                let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                let error = StorageError::Status { action, object, status: status.as_u16() };
                if passes { Attempt::Again(error) } else { Attempt::Failed(error) }
            }
        }
    }
}

/// An object, as far as it was read.
enum Body {
    Whole(Bytes),
    TooLarge { found: u64 },
}

async fn read(mut response: Response, limit: usize) -> Result<Body, reqwest::Error> {
    match response.content_length() {
        Some(found) if found > limit as u64 => return Ok(Body::TooLarge { found }),
        _ => {}
    }
    let mut object = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        object.extend_from_slice(&chunk);
        if object.len() > limit {
            return Ok(Body::TooLarge { found: object.len() as u64 });
        }
    }
    Ok(Body::Whole(object.into()))
}

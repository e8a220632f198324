//! The four calls of the runtime API.

use crate::http::Request;

/// What the function wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It is ready for events.
    Ready,
    /// The next event.
    Next,
    /// To give the result of the event in hand.
    Result(Endpoint),
}

/// Where a result is posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The invocation succeeded.
    Response,
    /// The invocation failed.
    Error,
}

impl Call {
    /// The call that a request is.
    ///
    /// # Errors
    /// Says what it is instead.
    pub fn of(request: &Request) -> Result<Self, String> {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/runtime/init/ready") => Ok(Self::Ready),
            ("GET", "/runtime/invocation/next") if request.body.is_empty() => Ok(Self::Next),
            ("POST", "/runtime/invocation/response") => Ok(Self::Result(Endpoint::Response)),
            ("POST", "/runtime/invocation/error") => Ok(Self::Result(Endpoint::Error)),
            (method, path) => Err(format!("{method} {path} with {} bytes", request.body.len())),
        }
    }
}

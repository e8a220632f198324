//! What AWS Lambda's runtime API has that Tencent SCF's has not; the platform itself is [`crate::scf::Platform`].
//!
//! Protocol: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::http::Request;
use crate::scf::call::{Call, Endpoint};

/// What the function wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LambdaCall {
    /// The next event.
    Next,
    /// To give the result of the event with this id.
    Result(Endpoint, String),
    /// To say why there will be no events taken.
    InitError,
    /// To be an extension, too.
    Register,
    /// To wait as an extension.
    Stay,
}

impl LambdaCall {
    /// The call that a request is.
    ///
    /// # Errors
    /// Says what it is instead.
    pub fn of(request: &Request) -> Result<Self, String> {
        let path: Vec<&str> = request.path.split('/').collect();
        match (request.method.as_str(), &path[1..]) {
            ("GET", ["2018-06-01", "runtime", "invocation", "next"]) if request.body.is_empty() => {
                Ok(Self::Next)
            }
            ("POST", ["2018-06-01", "runtime", "invocation", id, "response"]) => {
                Ok(Self::Result(Endpoint::Response, (*id).to_owned()))
            }
            ("POST", ["2018-06-01", "runtime", "invocation", id, "error"]) => {
                Ok(Self::Result(Endpoint::Error, (*id).to_owned()))
            }
            ("POST", ["2018-06-01", "runtime", "init", "error"]) => Ok(Self::InitError),
            ("POST", ["2020-01-01", "extension", "register"]) if request.body == br#"{"events":[]}"# => {
                Ok(Self::Register)
            }
            ("GET", ["2020-01-01", "extension", "event", "next"]) => Ok(Self::Stay),
            (method, _) => Err(format!("{method} {} with {} bytes", request.path, request.body.len())),
        }
    }

    /// The same call on SCF, where it has one.
    pub fn common(&self) -> Option<Call> {
        match self {
            Self::Next => Some(Call::Next),
            Self::Result(endpoint, _) => Some(Call::Result(*endpoint)),
            Self::InitError | Self::Register | Self::Stay => None,
        }
    }
}

/// The deadline of an event that has `limit` from now on, as the platform writes it.
pub fn deadline(limit: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    (now + limit).as_millis().to_string()
}

/// Statuses by which the platform says that it takes no answer to an event any more.
pub const SETTLED: [u16; 4] = [400, 403, 410, 413];

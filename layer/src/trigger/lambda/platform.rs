//! The platform: paths, headers and rules of its Runtime API.
//!
//! Protocol: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use contract::ErrorCode;
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};
use serde_json::json;
use thiserror::Error;

use super::super::managed::{EventSource, Invocation, Platform, Post};
use super::super::objects::Service;
use super::envelope;
use crate::secrets;

/// The platform.
#[derive(Debug)]
pub struct Lambda {
    address: String,
    at_once: NonZeroUsize,
}

/// Nothing can be at what the platform's variable names.
#[derive(Debug, Error)]
#[error("AWS_LAMBDA_RUNTIME_API is {0:?}, accepted is HOST:PORT")]
pub struct AddressError(String);

impl Lambda {
    /// The platform at `address`, asked for so many events at the same time. Emulators give a scheme and a path, too.
    ///
    /// # Errors
    /// There is no host in it.
    pub fn new(address: &str, at_once: NonZeroUsize) -> Result<Self, AddressError> {
        let bare = address.trim().trim_start_matches("http://").trim_end_matches('/');
        let is_url = Url::parse(&format!("http://{bare}/")).is_ok_and(|url| url.has_host());
        if bare.is_empty() || bare.contains(['@', '?', '#', ' ']) || bare.contains("://") || !is_url {
            return Err(AddressError(address.to_owned()));
        }
        Ok(Self { address: bare.to_owned(), at_once })
    }
}

/// 6 MiB, and 100 bytes for what gateways add (the limit of the platform's own emulator).
const ANSWER_BYTES: usize = (6 << 20) + 100;

/// The longest that a function can be set to take, <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>.
/// A limit further ahead is a clock or an emulator gone wrong.
const LONGEST_EVENT: Duration = Duration::from_secs(900);

/// For clocks that differ.
const SKEW: Duration = Duration::from_secs(60);

impl Platform for Lambda {
    const ROOT: &str = "2018-06-01/runtime";
    const ANSWER_BYTES: usize = ANSWER_BYTES;

    // UUIDs; a repeated event keeps its own.
    const IDS_ARE_UNIQUE: bool = true;

    fn address(&self) -> &str {
        &self.address
    }

    fn ready(&self) -> Option<Post> {
        None
    }

    fn failed_start(&self, message: &str) -> Option<Post> {
        Some(failure("init/error".to_owned(), INIT_ERROR, &secrets::hidden(message)))
    }

    fn at_once(&self) -> usize {
        self.at_once.get()
    }

    fn next_path(&self) -> &str {
        "invocation/next"
    }

    fn invocation(&self, headers: &HeaderMap, received: Instant) -> Invocation {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Invocation {
            request_id: text("lambda-runtime-aws-request-id")
                .filter(|id| is_path_segment(id))
                .map(str::to_owned),
            time_limit: text("lambda-runtime-deadline-ms").and_then(|deadline| time_left(deadline, now)),
            received,
        }
    }

    fn source(&self, event: &[u8], storage: &impl Service) -> EventSource {
        envelope::source(event, storage)
    }

    /// The answer came too late (410), is too large (413, of which the platform tells the caller), or somebody has settled
    /// the event already (400 an unknown id, 403 a second answer).
    fn is_settled(&self, status: StatusCode) -> bool {
        matches!(status.as_u16(), 400 | 403 | 410 | 413)
    }

    fn answer(&self, invocation: &Invocation, answer: Bytes) -> Post {
        let kind = if answer.starts_with(b"{") { "application/json" } else { "text/plain; charset=utf-8" };
        Post::new(path(invocation, "response"), answer).header("content-type", kind)
    }

    fn failure(&self, invocation: &Invocation, code: ErrorCode, message: &str) -> Post {
        failure(path(invocation, "error"), code.name(), message)
    }
}

/// What a failed start is called, where that of an event has the name of its code.
const INIT_ERROR: &str = "Runtime.InitError";

fn failure(path: String, kind: &'static str, message: &str) -> Post {
    let body = json!({ "errorMessage": message, "errorType": kind, "stackTrace": [] }).to_string();
    Post::new(path, body)
        .header("content-type", "application/json")
        .header("lambda-runtime-function-error-type", kind)
}

fn path(invocation: &Invocation, end: &str) -> String {
    // Without an id there is no answer that the platform could take; it says so.
    format!("invocation/{}/{end}", invocation.request_id.as_deref().unwrap_or("none"))
}

/// An id becomes part of a path.
fn is_path_segment(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~:".contains(&byte))
        && id != ".."
        && id != "."
}

/// The time from `now` (since 1970) until `deadline`, in milliseconds since 1970. What is over already, or further ahead
/// than a function can be set to, is no limit: emulators write a length, or another unit.
fn time_left(deadline: &str, now: Duration) -> Option<Duration> {
    let left = Duration::from_millis(deadline.parse().ok()?).checked_sub(now)?;
    (!left.is_zero() && left <= LONGEST_EVENT + SKEW).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn lambda() -> Lambda {
        Lambda::new("127.0.0.1:9001", NonZeroUsize::MIN).unwrap()
    }

    fn invocation(headers: &[(&str, &str)]) -> Invocation {
        let map = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        lambda().invocation(&map.collect(), Instant::now())
    }

    fn now() -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_deadline_is_a_time_since_1970() {
        let deadline = (now() + Duration::from_secs(3)).as_millis().to_string();
        let read = invocation(&[
            ("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
            ("Lambda-Runtime-Deadline-Ms", &deadline),
        ]);
        assert_eq!(read.request_id.as_deref(), Some("8476a536-e9f4-11e8-9739-2dfe598c3fcd"));
        let limit = read.time_limit.unwrap();
        assert!(limit <= Duration::from_secs(3) && limit > Duration::from_secs(2), "{limit:?}");
    }

    #[test]
    fn odd_deadlines_are_no_limit() {
        let millis = |time: Duration| time.as_millis().to_string();
        let now = now();
        for deadline in [
            String::new(),
            "soon".to_owned(),
            "-1".to_owned(),
            "0".to_owned(),
            "600000".to_owned(),
            "99999999999999999999999".to_owned(),
            u64::MAX.to_string(),
            millis(now.saturating_sub(Duration::from_secs(1))),
            millis(now + Duration::from_secs(34 * 24 * 60 * 60)),
        ] {
            assert_eq!(time_left(&deadline, now), None, "{deadline}");
        }
        assert_eq!(
            time_left(&millis(now + LONGEST_EVENT), Duration::from_millis(now.as_millis() as u64)),
            Some(LONGEST_EVENT)
        );
        assert_eq!(invocation(&[]).time_limit, None);
    }

    #[test]
    fn an_answer_goes_to_the_path_of_its_event() {
        let event = invocation(&[("lambda-runtime-aws-request-id", "8476a536")]);
        let post = lambda().answer(&event, "Lemon: 97.00%\n".into());
        assert_eq!(
            (post.path.as_str(), post.headers[0].1),
            ("invocation/8476a536/response", "text/plain; charset=utf-8")
        );
        assert_eq!(lambda().answer(&event, "{}".into()).headers[0].1, "application/json");
        for odd in ["", "a/b", "..", "a?b", "a b"] {
            assert_eq!(invocation(&[("lambda-runtime-aws-request-id", odd)]).request_id, None, "{odd:?}");
        }
    }

    #[test]
    fn a_failure_is_told_in_the_platforms_form() {
        let event = invocation(&[("lambda-runtime-aws-request-id", "8476a536")]);
        let post = lambda().failure(&event, ErrorCode::UnsupportedImage, "found GIF");
        assert_eq!(post.path, "invocation/8476a536/error");
        assert_eq!(
            post.body,
            r#"{"errorMessage":"found GIF","errorType":"unsupported_image","stackTrace":[]}"#
        );
        assert!(post.headers.contains(&("lambda-runtime-function-error-type", "unsupported_image")));
        let post = lambda().failed_start("no module").unwrap();
        assert_eq!(post.path, "init/error");
        assert_eq!(
            post.body,
            r#"{"errorMessage":"no module","errorType":"Runtime.InitError","stackTrace":[]}"#
        );
    }

    #[test]
    fn emulators_name_the_address_with_scheme_and_path() {
        for (given, address) in [
            ("127.0.0.1:9001", "127.0.0.1:9001"),
            ("[::1]:9001", "[::1]:9001"),
            ("http://127.0.0.1:9900/.rt/fn1", "127.0.0.1:9900/.rt/fn1"),
            ("localhost:9001/", "localhost:9001"),
        ] {
            assert_eq!(Lambda::new(given, NonZeroUsize::MIN).unwrap().address(), address);
        }
        for given in ["", "http://", "https://x", "a@b", "127.0.0.1:99999", "::x::"] {
            let error = Lambda::new(given, NonZeroUsize::MIN).unwrap_err().to_string();
            assert!(error.contains("accepted is HOST:PORT"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_deadline_is_a_limit_within_bounds_or_none(deadline in ".{0,30}", number: u64, now in 0_u64..1 << 50) {
            let now = Duration::from_millis(now);
            for deadline in [deadline, number.to_string(), (number % (1 << 51)).to_string()] {
                if let Some(left) = time_left(&deadline, now) {
                    prop_assert!(left <= LONGEST_EVENT + SKEW);
                }
            }
        }
    }
}

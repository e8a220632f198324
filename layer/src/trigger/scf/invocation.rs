//! What the platform says about an event, in the headers of `next`.

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;

/// One event's identity and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) request_id: Option<String>,
    pub(super) time_limit: Option<Duration>,
    pub(super) received: Instant,
}

impl Invocation {
    /// Reads the headers. The platform's documents spell them `Request_Id` and `request_id`; names of HTTP headers
    /// have no case, and the underscores are theirs.
    pub(super) fn from_headers(headers: &HeaderMap, received: Instant) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        Self {
            request_id: text("request_id").filter(|id| !id.is_empty()).map(str::to_owned),
            time_limit: text("time_limit_in_ms")
                .and_then(|limit| limit.parse().ok())
                .filter(|limit| *limit > 0)
                .map(Duration::from_millis),
            received,
        }
    }

    /// When the handler has to be done: `margin` before the platform's limit, but never less than half of it.
    pub(super) fn deadline(&self, margin: Duration) -> Option<Instant> {
        let limit = self.time_limit?;
        self.received.checked_add(limit - margin.min(limit / 2))
    }

    /// When the platform has given the event up, with some grace for its clock and ours; an event without a
    /// limit is taken to have the longest that can be set, 900 s.
    pub(super) fn given_up(&self) -> Instant {
        self.received + self.time_limit.unwrap_or(Duration::from_secs(900)) + Duration::from_secs(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn invocation(headers: &[(&str, &str)]) -> Invocation {
        let map = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        Invocation::from_headers(&map.collect(), Instant::now())
    }

    #[test]
    fn headers_are_read_in_any_case() {
        for (id, limit) in [
            ("Request_Id", "Time_Limit_In_Ms"),
            ("request_id", "time_limit_in_ms"),
            ("REQUEST_ID", "TIME_LIMIT_IN_MS"),
        ] {
            let read = invocation(&[(id, "c6af9ac6"), (limit, "3000")]);
            assert_eq!(read.request_id.as_deref(), Some("c6af9ac6"));
            assert_eq!(read.time_limit, Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn headers_that_are_missing_or_make_no_sense_are_no_limit() {
        for headers in [&[][..], &[("Time_Limit_In_Ms", "soon")], &[("Time_Limit_In_Ms", "0")]] {
            assert_eq!(invocation(headers).deadline(Duration::from_millis(500)), None);
        }
    }

    #[test]
    fn the_margin_leaves_at_least_half_of_the_time() {
        let deadline = |limit: &str| {
            let invocation = invocation(&[("Time_Limit_In_Ms", limit)]);
            invocation.deadline(Duration::from_millis(500)).unwrap() - invocation.received
        };
        assert_eq!(deadline("3000"), Duration::from_millis(2500));
        assert_eq!(deadline("600"), Duration::from_millis(300));
    }
}

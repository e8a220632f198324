//! Draining: after the signal for the end the service says that it is ending, and still answers whoever comes.
//!
//! Whoever sends requests here learns of the end later than the service does: a watchdog passes the signal on at once and
//! the requests after it, a cluster's proxies take seconds until they know.

use std::time::Duration;

use clap::Args;
use thiserror::Error;
use tokio::time::Instant;
use worker::limits::parse_duration;

use crate::trigger::shutdown::Shutdown;

/// How long an ending service answers on.
#[derive(Clone, Copy, Debug, Args)]
pub struct DrainArgs {
    /// Time from SIGTERM for which new requests are still answered, while /readyz says 503; at most half of
    /// --shutdown-time, of which it is a part
    #[arg(long = "drain-time", env = "VISION_DRAIN_TIME", value_name = "TIME", default_value = "0s",
          value_parser = drain_time)]
    pub drain_time: Duration,
}

/// There would be too little time left for what was taken while draining.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "--drain-time is {drain:?}, accepted is at most half of --shutdown-time, which is {whole:?}: the rest is for finishing \
     what was taken"
)]
pub struct DrainTooLong {
    drain: Duration,
    whole: Duration,
}

/// Even without draining answers say `connection: close` for this long before idle connections are closed: a client that
/// is just sending its next request still gets an answer.
const FAREWELL: Duration = Duration::from_millis(500);

impl DrainArgs {
    /// Checks that there is time left in the `whole` time for the end.
    ///
    /// # Errors
    /// Where there is not.
    pub(super) fn check(self, whole: Duration) -> Result<(), DrainTooLong> {
        let drain = self.drain_time;
        if drain > whole / 2 { Err(DrainTooLong { drain, whole }) } else { Ok(()) }
    }

    /// When connections are no more taken, where the end was asked for just now.
    pub(super) fn until(self, shutdown: &Shutdown) -> Instant {
        let now = Instant::now();
        let for_clients = shutdown.deadline_of_clients().saturating_duration_since(now);
        now + self.drain_time.max(FAREWELL.min(for_clients / 2)).min(for_clients)
    }
}

/// A time as elsewhere, or none.
fn drain_time(text: &str) -> Result<Duration, String> {
    match text {
        "0" | "0s" => Ok(Duration::ZERO),
        text => parse_duration(text).map_err(|error| format!("{error}; 0s is none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_be_none() {
        for (text, time) in [("0", 0), ("0s", 0), ("500ms", 500), ("15s", 15_000)] {
            assert_eq!(drain_time(text), Ok(Duration::from_millis(time)));
        }
        for text in ["", "-1s", "15", "0m0", "1d"] {
            assert!(drain_time(text).unwrap_err().contains("accepted are"), "{text}");
        }
    }

    #[test]
    fn half_of_the_time_is_for_what_was_taken() {
        let drain = DrainArgs { drain_time: Duration::from_secs(15) };
        assert_eq!(drain.check(Duration::from_secs(30)), Ok(()));
        let error = drain.check(Duration::from_secs(29)).unwrap_err().to_string();
        assert!(error.contains("15s") && error.contains("29s"), "{error}");
    }
}

//! One event's identity and limits.

use std::time::{Duration, Instant};

/// The longest that an event may take where its platform sets no limit: what SCF and Lambda can be set to.
const LONGEST_EVENT: Duration = Duration::from_secs(900);

/// For the platform's clock and ours.
const GRACE: Duration = Duration::from_secs(5);

/// What the platform says about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The event's name, which comes again where the same event comes again.
    pub request_id: Option<String>,
    /// The time for it, from `received` on.
    pub time_limit: Option<Duration>,
    /// When it began to arrive.
    pub received: Instant,
}

impl Invocation {
    /// When the handler has to be done: `margin` before the platform's limit, but never less than half of it.
    pub(super) fn deadline(&self, margin: Duration) -> Option<Instant> {
        let limit = self.time_limit?;
        self.received.checked_add(limit - margin.min(limit / 2))
    }

    /// The same, where an event without a limit is taken to have the longest that can be set.
    pub(super) fn some_deadline(&self, margin: Duration) -> Instant {
        self.deadline(margin).unwrap_or(self.received + LONGEST_EVENT)
    }

    /// When the platform has given the event up, with some grace for its clock and ours; an event without a
    /// limit is taken to have the longest that can be set.
    pub(super) fn given_up(&self) -> Instant {
        self.received + self.time_limit.unwrap_or(LONGEST_EVENT) + GRACE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(time_limit: Option<Duration>) -> Invocation {
        Invocation { request_id: None, time_limit, received: Instant::now() }
    }

    #[test]
    fn an_event_without_a_limit_has_no_deadline_but_is_given_up_in_the_end() {
        let invocation = invocation(None);
        assert_eq!(invocation.deadline(Duration::from_millis(500)), None);
        assert_eq!(invocation.given_up() - invocation.received, Duration::from_secs(905));
    }

    #[test]
    fn the_margin_leaves_at_least_half_of_the_time() {
        let deadline = |limit: u64| {
            let invocation = invocation(Some(Duration::from_millis(limit)));
            invocation.deadline(Duration::from_millis(500)).unwrap() - invocation.received
        };
        assert_eq!(deadline(3000), Duration::from_millis(2500));
        assert_eq!(deadline(600), Duration::from_millis(300));
    }
}

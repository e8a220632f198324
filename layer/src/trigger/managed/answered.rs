//! Answers that were given, for events that come again.

use std::collections::VecDeque;

use super::delivery::Delivery;
use super::platform::Platform;
use crate::trigger::reply::Reply;

/// Answers to keep where ids are unique: an event that comes again comes soon.
const MOST: usize = 64;

/// Bytes of answers to keep, whose newest one is kept in any case.
const MAX_BYTES: usize = 8 << 20;

/// The last answers by the request ids of their events.
#[derive(Debug)]
pub(super) struct Answered {
    ids_are_unique: bool,
    most: usize,
    /// The oldest first.
    kept: VecDeque<(String, Reply)>,
}

impl Answered {
    /// For so many events at the same time.
    pub(super) fn new<P: Platform>(at_once: usize) -> Self {
        let most = if P::IDS_ARE_UNIQUE { MOST.max(at_once) } else { at_once };
        Self { ids_are_unique: P::IDS_ARE_UNIQUE, most, kept: VecDeque::new() }
    }

    /// The answer to the event with this id, if it was given before.
    pub(super) fn recall(&mut self, id: &str) -> Option<Reply> {
        let reply = self.kept.iter().find(|(known, _)| known == id).map(|(_, reply)| reply.clone());
        if !self.ids_are_unique {
            // The platform sends what it has no answer to at once, or never.
            self.kept.clear();
        }
        reply
    }

    /// Keeps an answer that may be asked for again. A failure that the platform has taken is none: if it sends the event
    /// again, another attempt is what it wants.
    pub(super) fn keep(&mut self, id: String, reply: Reply, delivery: Delivery) {
        self.kept.retain(|(known, _)| *known != id);
        let may_come_again = match delivery {
            Delivery::Unknown => true,
            Delivery::Settled => self.ids_are_unique && matches!(reply, Reply::Answer(_)),
        };
        if may_come_again {
            self.kept.push_back((id, reply));
        }
        while self.kept.len() > self.most || (self.kept.len() > 1 && self.bytes() > MAX_BYTES) {
            self.kept.pop_front();
        }
    }

    fn bytes(&self) -> usize {
        let bytes = self.kept.iter().map(|(_, reply)| match reply {
            Reply::Answer(answer) => answer.len(),
            Reply::Failure { message, .. } => message.len(),
        });
        bytes.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::ErrorCode;

    fn answered(ids_are_unique: bool) -> Answered {
        Answered { ids_are_unique, most: 2, kept: VecDeque::new() }
    }

    fn answer(text: &'static str) -> Reply {
        Reply::Answer(text.into())
    }

    fn failure() -> Reply {
        Reply::Failure { code: ErrorCode::Internal, message: "why".to_owned() }
    }

    #[test]
    fn an_answer_that_the_platform_may_not_have_is_given_again() {
        for ids_are_unique in [false, true] {
            let mut answered = answered(ids_are_unique);
            answered.keep("a".to_owned(), failure(), Delivery::Unknown);
            assert_eq!(answered.recall("a"), Some(failure()));
        }
    }

    #[test]
    fn an_answer_that_it_has_is_given_again_only_where_an_id_means_one_event() {
        let mut answered = answered(true);
        answered.keep("a".to_owned(), answer("1"), Delivery::Settled);
        assert_eq!((answered.recall("a"), answered.recall("a")), (Some(answer("1")), Some(answer("1"))));
        let mut answered = self::answered(false);
        answered.keep("a".to_owned(), answer("1"), Delivery::Settled);
        assert_eq!(answered.recall("a"), None);
    }

    #[test]
    fn a_failure_that_the_platform_has_is_tried_again() {
        let mut answered = answered(true);
        answered.keep("a".to_owned(), failure(), Delivery::Settled);
        assert_eq!(answered.recall("a"), None);
        answered.keep("b".to_owned(), failure(), Delivery::Unknown);
        answered.keep("b".to_owned(), failure(), Delivery::Settled);
        assert_eq!(answered.recall("b"), None);
    }

    #[test]
    fn where_ids_mean_nothing_an_answer_is_forgotten_once_another_event_comes() {
        let mut answered = answered(false);
        answered.keep("a".to_owned(), answer("1"), Delivery::Unknown);
        assert_eq!((answered.recall("b"), answered.recall("a")), (None, None));
    }

    #[test]
    fn the_oldest_answers_make_room() {
        let mut answered = answered(true);
        for id in ["a", "b", "c"] {
            answered.keep(id.to_owned(), answer("x"), Delivery::Settled);
        }
        assert_eq!((answered.recall("a"), answered.recall("b")), (None, Some(answer("x"))));
        answered.keep("d".to_owned(), Reply::Answer(vec![0; MAX_BYTES].into()), Delivery::Settled);
        assert_eq!((answered.recall("c"), answered.recall("d").is_some()), (None, true));
    }
}

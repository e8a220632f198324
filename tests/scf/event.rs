//! An event as the fake platform sends it, and what goes wrong on the way.

use std::collections::VecDeque;
use std::time::Duration;

/// How the headers of `next` are spelled; the platform's documents have the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `Request_Id`
    HowTo,
    /// `request_id`
    ApiTable,
    /// `REQUEST_ID`
    Capitals,
    /// No headers but the length.
    Missing,
}

/// What goes wrong with one answer to `next`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NextFault {
    /// The connection ends before the answer.
    DropBeforeAnswer,
    /// The connection ends in the middle of the event.
    DropInBody,
    /// Nothing more comes in the middle of the event, and the connection stays.
    StallInBody,
    /// Status 200 and nothing else.
    Nothing,
    /// This status instead of the event.
    Status(u16),
}

/// What goes wrong with one post of a result.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PostFault {
    /// The connection ends; the platform has not taken the result.
    DropBeforeTaking,
    /// The platform has taken the result, but the connection ends before it says so.
    DropAfterTaking,
    /// This status; the platform has not taken the result.
    Status(u16),
}

/// An event for the fake platform.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(super) id: String,
    pub(super) body: Vec<u8>,
    pub(super) time_limit: Duration,
    pub(super) spelling: Spelling,
    pub(super) after: Duration,
    pub(super) next_faults: VecDeque<NextFault>,
    pub(super) post_faults: VecDeque<PostFault>,
}

impl Event {
    /// An event with this JSON; the rest is what a platform at peace would send.
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            id: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef".to_owned(),
            body: body.into(),
            time_limit: Duration::from_secs(30),
            spelling: Spelling::HowTo,
            after: Duration::ZERO,
            next_faults: VecDeque::new(),
            post_faults: VecDeque::new(),
        }
    }

    pub(crate) fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    pub(crate) fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    pub(crate) fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// The platform has nothing for so long.
    pub(crate) fn after(mut self, pause: Duration) -> Self {
        self.after = pause;
        self
    }

    /// One more thing that goes wrong before the event arrives.
    pub(crate) fn on_next(mut self, fault: NextFault) -> Self {
        self.next_faults.push_back(fault);
        self
    }

    /// One more thing that goes wrong when the result is posted.
    pub(crate) fn on_post(mut self, fault: PostFault) -> Self {
        self.post_faults.push_back(fault);
        self
    }

    /// The headers of `next`.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let spell = |name: &str| match self.spelling {
            Spelling::HowTo => name.to_owned(),
            Spelling::ApiTable => name.to_lowercase(),
            Spelling::Capitals => name.to_uppercase(),
            Spelling::Missing => String::new(),
        };
        [
            ("Request_Id", self.id.clone()),
            ("Memory_Limit_In_Mb", "512".to_owned()),
            ("Time_Limit_In_Ms", self.time_limit.as_millis().to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (spell(name), value))
        .filter(|(name, _)| !name.is_empty())
        .collect()
    }
}

/// Where a result was posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The invocation succeeded.
    Response,
    /// The invocation failed.
    Error,
}

/// The result that the platform has taken for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) endpoint: Endpoint,
    pub(crate) body: String,
    /// From the last byte of the event sent to the last byte of the result received.
    pub(crate) took: Duration,
}

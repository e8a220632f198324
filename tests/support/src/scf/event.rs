//! An event as the fake platform sends it, and what goes wrong on the way.

use std::collections::VecDeque;
use std::time::Duration;

use super::call::Endpoint;
use crate::http::Response;
use crate::lambda;

/// How the headers of `next` are spelled; the platform's documents have the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
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
pub enum NextFault {
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
pub enum PostFault {
    /// The connection ends; the platform has not taken the result.
    DropBeforeTaking,
    /// The platform has taken the result, but the connection ends before it says so.
    DropAfterTaking,
    /// This status; the platform has not taken the result.
    Status(u16),
}

/// An event for the fake platform.
#[derive(Clone, Debug)]
pub struct Event {
    pub(crate) id: String,
    pub(crate) body: Vec<u8>,
    pub(crate) time_limit: Duration,
    pub(crate) spelling: Spelling,
    pub(crate) after: Duration,
    pub(crate) next_faults: VecDeque<NextFault>,
    pub(crate) post_faults: VecDeque<PostFault>,
    pub(crate) deadline: Option<String>,
}

impl Event {
    /// An event with this JSON; the rest is what a platform at peace would send.
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            id: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef".to_owned(),
            body: body.into(),
            time_limit: Duration::from_secs(30),
            spelling: Spelling::HowTo,
            after: Duration::ZERO,
            next_faults: VecDeque::new(),
            post_faults: VecDeque::new(),
            deadline: None,
        }
    }

    /// The same under another name.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// The same with this time for it.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// The same with headers spelled so.
    #[must_use]
    pub fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// The platform has nothing for so long.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.after = pause;
        self
    }

    /// One more thing that goes wrong before the event arrives.
    #[must_use]
    pub fn on_next(mut self, fault: NextFault) -> Self {
        self.next_faults.push_back(fault);
        self
    }

    /// One more thing that goes wrong when the result is posted.
    #[must_use]
    pub fn on_post(mut self, fault: PostFault) -> Self {
        self.post_faults.push_back(fault);
        self
    }

    /// The same with this text for its deadline on Lambda.
    #[must_use]
    pub fn deadline(mut self, deadline: impl Into<String>) -> Self {
        self.deadline = Some(deadline.into());
        self
    }

    /// The answer to `next` on Lambda, where nothing goes wrong.
    pub fn lambda_response(&self) -> Response {
        let deadline = self.deadline.clone().unwrap_or_else(|| lambda::deadline(self.time_limit));
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("Lambda-Runtime-Aws-Request-Id", self.id.clone()),
            ("Lambda-Runtime-Deadline-Ms", deadline),
            (
                "Lambda-Runtime-Invoked-Function-Arn",
                "arn:aws:lambda:eu-west-1:012345678912:function:vision".to_owned(),
            ),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value));
        Response { status: 200, headers: headers.collect(), body: self.body.clone() }
    }

    /// The answer to `next` with this event, where nothing goes wrong.
    pub fn response(&self) -> Response {
        Response { status: 200, headers: self.headers(), body: self.body.clone() }
    }

    fn headers(&self) -> Vec<(String, String)> {
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

/// The result that the platform has taken for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where it was posted to.
    pub endpoint: Endpoint,
    /// What was posted.
    pub body: String,
    /// From the last byte of the event sent to the last byte of the result received.
    pub took: Duration,
}

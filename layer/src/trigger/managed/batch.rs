//! Messages of a queue: each succeeds or fails alone, and only those that failed are sent again.

use std::time::Instant;

use contract::ErrorCode;
use serde_json::json;
use tracing::warn;

use crate::pool::Handler;
use crate::trigger::objects::{Labeller, Notification, Service};
use crate::trigger::reply::Reply;

/// Messages that came together.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// In the order in which they came; at least one.
    pub messages: Vec<Message>,
    /// Whether a message must not be dealt with before the one in front of it.
    pub is_ordered: bool,
}

/// A message of a queue.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// What the queue calls it.
    pub id: String,
    /// What it says.
    pub content: Content,
}

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// Something happened to objects.
    Notification(Notification),
    /// The storage only tries whether it is heard.
    Trial,
    /// Nothing that is understood; with what it is instead. It goes back to the queue, which puts it aside after some
    /// attempts: only there somebody can find it.
    Unknown(String),
}

impl Batch {
    /// Works through the messages. The answer names those that failed, as the queue wants it; if all failed, the event did:
    /// then they all come again, whether or not the queue was told to look at the answer.
    pub(super) async fn answer<S: Service>(
        &self,
        labeller: &Labeller<S>,
        handler: &impl Handler,
        deadline: Instant,
    ) -> Reply {
        let mut failed: Vec<&str> = Vec::new();
        let mut first = None;
        for Message { id, content } in &self.messages {
            if self.is_ordered && !failed.is_empty() {
                failed.push(id);
                continue;
            }
            let Err((code, reason)) = content.work(labeller, handler, deadline).await else { continue };
            warn!(message_id = id, %reason, "message goes back to the queue");
            failed.push(id);
            first.get_or_insert((code, format!("message {id}: {reason}")));
        }
        match first {
            Some((code, message)) if failed.len() == self.messages.len() => Reply::Failure { code, message },
            _ => {
                let failed = failed.iter().map(|id| json!({ "itemIdentifier": id }));
                Reply::Answer(json!({ "batchItemFailures": failed.collect::<Vec<_>>() }).to_string().into())
            }
        }
    }
}

impl Content {
    async fn work<S: Service>(
        &self,
        labeller: &Labeller<S>,
        handler: &impl Handler,
        deadline: Instant,
    ) -> Result<(), (ErrorCode, String)> {
        let notification = match self {
            Self::Notification(notification) => notification,
            Self::Trial => return Ok(()),
            Self::Unknown(what) => return Err((ErrorCode::BadRequest, what.clone())),
        };
        if Instant::now() >= deadline {
            return Err((ErrorCode::Timeout, "the time of the batch was over".to_owned()));
        }
        match labeller.answer(notification, handler, deadline).await {
            Reply::Answer(_) => Ok(()),
            Reply::Failure { code, message } => Err((code, message)),
        }
    }
}

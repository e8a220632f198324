//! What a trigger needs of the workers, so that triggers can be tested on their own.

use std::time::Duration;

use worker::answer::{Answer, CallError};
use worker::channel::EventFile;

/// Something that answers events.
pub trait Handler: Send + Sync + 'static {
    /// Answers one event within `limit`, or within the handler's own limit if that is shorter or none is given.
    fn call(
        &self,
        event: EventFile,
        limit: Option<Duration>,
    ) -> impl Future<Output = Result<Answer, CallError>> + Send;
}

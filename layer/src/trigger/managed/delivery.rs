//! Getting one answer to the platform, once.

use std::time::Instant;

use contract::ErrorCode;
use tracing::{error, warn};

use super::invocation::Invocation;
use super::platform::Platform;
use super::runtime_api::RuntimeApi;
use crate::trigger::backoff::Backoff;
use crate::trigger::reply::Reply;

/// Whether the platform has an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It has one, or said for good that it takes none.
    Settled,
    /// No word from it until it must have given the event up.
    Unknown,
}

/// Posts `reply` until the platform has taken it.
///
/// After a dropped connection nobody knows whether the post arrived, so the same bytes are posted again: the
/// platform keeps the first result and ignores later ones, which makes that safe.
pub(super) async fn deliver(
    api: &RuntimeApi<impl Platform>,
    invocation: &Invocation,
    reply: &Reply,
) -> Delivery {
    let mut reply = reply.clone();
    let mut backoff = Backoff::default();
    let mut may_have_arrived = false;
    loop {
        match api.settle(invocation, &reply).await {
            Ok(status) if status.is_success() => return Delivery::Settled,
            // It took the lost post and now tells that there is nothing left to answer.
            Ok(status) if status.is_client_error() && may_have_arrived => return Delivery::Settled,
            Ok(status) if status.is_client_error() && api.platform().is_settled(status) => {
                warn!(%status, "the platform takes no answer to this event any more");
                return Delivery::Settled;
            }
            Ok(status) if status.is_client_error() => match reply {
                Reply::Answer(answer) => {
                    warn!(%status, "the platform refused the answer, telling it so");
                    reply = Reply::Failure {
                        code: ErrorCode::Internal,
                        message: format!(
                            "the platform refused the answer of {} bytes: {status}",
                            answer.len()
                        ),
                    };
                    continue;
                }
                Reply::Failure { .. } => {
                    error!(%status, "the platform refused the error, too: nobody is told");
                    return Delivery::Settled;
                }
            },
            Ok(status) => warn!(%status, "the platform did not take the answer, posting it again"),
            Err(error) => {
                may_have_arrived |= !error.is_connect();
                warn!(%error, "the connection broke before the answer was taken, posting it again");
            }
        }
        if Instant::now() >= invocation.given_up() {
            error!("the platform has not taken the answer within the event's time");
            return Delivery::Unknown;
        }
        backoff.wait().await;
    }
}

//! The event that an object becomes, and how large both may be.

use std::io;

use axum::http::{HeaderMap, Uri};
use worker::channel::EventFile;

use crate::trigger::http_event;

/// The event for an object: what a gateway would make of it, so that the answer has numbers.
///
/// # Errors
/// The system's reason why it gives no memory.
pub(super) fn event(object: &[u8], language: Option<&str>) -> io::Result<EventFile> {
    let uri = language.and_then(|language| format!("/?lang={language}").parse().ok());
    http_event::event(&uri.unwrap_or(Uri::from_static("/")), &HeaderMap::new(), object)
}

/// MiB that an answer to an object may have at least, whatever limit was set: what goes into a bucket passes no platform, and base64 adds a
/// third.
pub const OBJECT_ANSWER_MIB: u32 = 16;

/// The size of an object that fits into an event: four characters for three bytes, and the JSON around them.
pub fn object_limit(event_limit: usize) -> usize {
    event_limit.saturating_sub(16) / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::FRAME_BYTES;
    use base64_simd::STANDARD;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_event_carries_the_object(object in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut event = event(&object, Some("zh")).unwrap();
            let event: serde_json::Value = event.look(|json| serde_json::from_slice(json)).unwrap().unwrap();
            prop_assert_eq!(STANDARD.decode_to_vec(event["body"].as_str().unwrap()).unwrap(), object);
            prop_assert_eq!(&event["queryString"], "lang=zh");
        }

        #[test]
        fn the_largest_object_makes_an_event_within_the_limit(event_limit in 100_usize..10_000) {
            let limit = object_limit(event_limit);
            let event = event(&vec![0; limit], Some("zh-Hans-CN")).unwrap();
            prop_assert!(event.len() <= event_limit + FRAME_BYTES);
        }
    }
}

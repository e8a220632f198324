//! Bodies of HTTP requests: whatever their type and content, they become an event that the function can read, or a
//! problem.
//!
//! The input: content type, content encoding (often empty), each on a line, then the body.

#![no_main]

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use vision::trigger::serve::fuzzing::event_of;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |&byte| byte == b'\n');
    let (Some(kind), Some(encoding), Some(body)) = (lines.next(), lines.next(), lines.next()) else { return };
    let mut headers = HeaderMap::new();
    for (name, value) in [(CONTENT_TYPE, kind), (CONTENT_ENCODING, encoding)] {
        match HeaderValue::from_bytes(value) {
            Ok(value) => drop(headers.insert(name, value)),
            Err(_) => return,
        }
    }
    // The body is in memory: nothing is waited for.
    let event = event_of(&headers, Bytes::copy_from_slice(body)).now_or_never().expect("no waiting");
    match event {
        Ok(event) => {
            drop(recognize::Event::parse(&event).expect("the function reads what the service writes"))
        }
        Err((status, message)) => assert!(matches!(status, 400 | 415) && !message.is_empty()),
    }
});

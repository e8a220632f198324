//! For the fuzz target `cloud_event`: what anybody may send as an event, in each of the three modes.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;

use super::{CloudEvent, Mode, Written, from_batch, from_structured, to_batch, to_headers, to_structured};

/// Events that a batch may have here.
const MOST: usize = 16;

/// Reads `input`, whose first byte says in which mode. What was read as an event is written in every mode and read again.
pub fn read(input: &[u8]) {
    let Some((kind, input)) = input.split_first() else { return };
    let body = Bytes::copy_from_slice(input);
    match kind % 3 {
        0 => {
            let Ok(event) = from_structured(&body) else { return };
            survives(&event);
        }
        1 => {
            let Ok(events) = from_batch(&body, MOST) else { return };
            assert!(events.len() <= MOST);
            events.iter().flatten().for_each(survives);
            let written = to_batch(events.iter().flatten().map(written));
            let again = from_batch(&written.into(), MOST).expect("our own batch is one");
            assert_eq!(again.len(), events.iter().flatten().count());
        }
        _ => {
            let Some((headers, body)) = binary(&body) else { return };
            let _ = Mode::of(&headers);
            let Ok(event) = CloudEvent::from_binary(&headers, body) else { return };
            survives(&event);
        }
    }
}

fn written(event: &CloudEvent) -> Written<'_> {
    Written { attributes: &event.attributes, data: &event.data }
}

/// Attributes are the same after a way over the wire.
fn survives(event: &CloudEvent) {
    let structured = from_structured(&to_structured(&written(event)).into()).expect("our own event is one");
    assert_eq!(structured.attributes, event.attributes);
    let mut headers = HeaderMap::new();
    to_headers(&event.attributes, &mut headers);
    let content_type = event.attributes.get("datacontenttype").unwrap_or_default();
    // A header takes only what is visible, and a media type that is more than that is no header's.
    if content_type.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        let binary =
            CloudEvent::from_binary(&headers, event.data.clone()).expect("our own headers are an event");
        assert_eq!(binary.attributes, event.attributes);
        assert_eq!(binary.data, event.data);
    }
}

/// Lines `name: value`, an empty line, and the body.
fn binary(input: &Bytes) -> Option<(HeaderMap, Bytes)> {
    let end = input.windows(2).position(|window| window == b"\n\n")?;
    let mut headers = HeaderMap::new();
    for line in input.get(..end)?.split(|byte| *byte == b'\n').take(100) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = value.get(1..)?.trim_ascii();
        headers.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some((headers, input.slice(end + 2..)))
}

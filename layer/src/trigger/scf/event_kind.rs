//! Tells kinds of events apart without parsing a picture's megabytes of base64.

use contract::http::is_http;
use memchr::memmem;

use super::cos::Notification;

/// Who sent an event, as far as the trigger has to know.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    /// A function URL or API gateway: a failure has to be an HTTP answer.
    Http,
    /// Object storage: the picture has to be fetched.
    ObjectStorage(Notification),
    /// Anything else: goes to the module as it is, a failure goes to the error endpoint.
    Bare,
}

/// Notifications come as asynchronous events, which have at most 128 KB; twice that for what escapes may add.
const NOTIFICATION_BYTES: usize = 256 << 10;

impl EventKind {
    pub(super) fn of(event: &[u8]) -> Self {
        if is_http(event) {
            return Self::Http;
        }
        if event.len() <= NOTIFICATION_BYTES
            && memmem::find(event, b"\"Records\"").is_some()
            && let Some(notification) = Notification::parse(event)
        {
            return Self::ObjectStorage(notification);
        }
        Self::Bare
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_event_with_a_method_is_http_even_if_it_is_cut_off() {
        assert_eq!(EventKind::of(br#"{"httpMethod":"POST","body":"abc"#), EventKind::Http);
    }

    #[test]
    fn a_body_that_quotes_the_field_is_not() {
        assert_eq!(EventKind::of(br#"{"body":"{\"httpMethod\":\"POST\"}"}"#), EventKind::Bare);
    }

    #[test]
    fn records_of_other_services_are_bare_events() {
        assert_eq!(EventKind::of(br#"{"Records":[{"CMQ":{"type":"topic"}}]}"#), EventKind::Bare);
        assert_eq!(EventKind::of(br#"{"Records":[]}"#), EventKind::Bare);
    }

    #[test]
    fn a_request_cannot_pretend_to_be_a_notification() {
        let event = br#"{"httpMethod":"POST","Records":[{"cos":{"cosObject":{"key":"/1/b/k"}}}]}"#;
        assert_eq!(EventKind::of(event), EventKind::Http);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_kind(event in proptest::collection::vec(any::<u8>(), 0..200)) {
            EventKind::of(&event);
        }
    }
}

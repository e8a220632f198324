//! Tells kinds of events apart without parsing a picture's megabytes of base64.

use contract::HttpForm;
use contract::http::is_http;

use super::batch::Batch;
use crate::trigger::objects::{Notification, Service};
use crate::trigger::reply::Form;

/// Who sent an event, as far as the loop has to know.
#[derive(Debug, PartialEq, Eq)]
pub enum EventSource {
    /// Somebody who wants an answer: the event goes to the module as it is.
    Caller(Form),
    /// Object storage: the picture has to be fetched.
    ObjectStorage(Notification),
    /// Messages of a queue, each of which succeeds or fails alone.
    Queue(Batch),
    /// A storage that only tries whether it is heard.
    Trial,
}

impl EventSource {
    /// The source of an event that is sent as it was made: by a web client in the one form that there is, by the storage, or
    /// by anybody else.
    pub fn of(event: &[u8], storage: &impl Service) -> Self {
        if is_http(event) {
            return Self::Caller(Form::Http(HttpForm::Rest));
        }
        match Notification::find(event, storage) {
            Some(notification) => Self::ObjectStorage(notification),
            None => Self::Caller(Form::Bare),
        }
    }

    /// How this sender is told of a failure.
    pub(super) fn form(&self) -> Form {
        match self {
            Self::Caller(form) => *form,
            Self::ObjectStorage(_) | Self::Queue(_) | Self::Trial => Form::Bare,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger::objects::Endpoint;
    use crate::trigger::objects::cos::Cos;
    use proptest::prelude::*;

    fn source(event: &[u8]) -> EventSource {
        EventSource::of(event, &Cos::new(Endpoint::new("ENDPOINT", "http://{bucket}").unwrap()))
    }

    #[test]
    fn an_event_with_a_method_is_http_even_if_it_is_cut_off() {
        assert_eq!(
            source(br#"{"httpMethod":"POST","body":"abc"#),
            EventSource::Caller(Form::Http(HttpForm::Rest))
        );
    }

    #[test]
    fn a_body_that_quotes_the_field_is_not() {
        assert_eq!(source(br#"{"body":"{\"httpMethod\":\"POST\"}"}"#), EventSource::Caller(Form::Bare));
    }

    #[test]
    fn records_of_other_services_are_bare_events() {
        assert_eq!(source(br#"{"Records":[{"CMQ":{"type":"topic"}}]}"#), EventSource::Caller(Form::Bare));
        assert_eq!(source(br#"{"Records":[]}"#), EventSource::Caller(Form::Bare));
    }

    #[test]
    fn a_request_cannot_pretend_to_be_a_notification() {
        let event = br#"{"httpMethod":"POST","Records":[{"cos":{"cosObject":{"key":"/1/b/k"}}}]}"#;
        assert_eq!(source(event), EventSource::Caller(Form::Http(HttpForm::Rest)));
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_kind(event in proptest::collection::vec(any::<u8>(), 0..200)) {
            source(&event);
        }
    }
}

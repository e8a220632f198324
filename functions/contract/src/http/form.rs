//! The forms of HTTP events, and how to tell them apart.

use memchr::memmem;

use crate::utf16;

/// How a gateway writes a request, and wants its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpForm {
    /// Tencent SCF and REST APIs of AWS (payload 1.0): `httpMethod`.
    #[default]
    Rest,
    /// HTTP APIs and function URLs of AWS (payload 2.0): `rawPath`, `requestContext.http.method`.
    Payload2,
    /// A load balancer of AWS: `httpMethod` and `requestContext.elb`.
    Balancer,
    /// The same, where it was told to give lists of values: `multiValueHeaders`.
    BalancerLists,
}

impl HttpForm {
    /// The form of an event, if a web client waits for the answer. Looks for the names of fields and parses nothing, so
    /// it is also right for an event that is cut off or broken; inside of a JSON string (a body that quotes the field) the
    /// names would stand between escaped quotes.
    pub fn guess(event: &[u8]) -> Option<Self> {
        if let Some(text) = utf16::decode(event) {
            return Self::guess(text.as_bytes());
        }
        if !is_object(event) {
            None
        } else if has_field(event, b"\"rawPath\"") {
            Some(Self::Payload2)
        } else if !has_field(event, b"\"httpMethod\"") {
            None
        } else if !has_field(event, b"\"elb\"") {
            Some(Self::Rest)
        } else if has_field(event, b"\"multiValueHeaders\"") {
            Some(Self::BalancerLists)
        } else {
            Some(Self::Balancer)
        }
    }
}

/// Whether a web client waits for the answer to this event; see [`HttpForm::guess`].
pub fn is_http(event: &[u8]) -> bool {
    if let Some(text) = utf16::decode(event) {
        return is_http(text.as_bytes());
    }
    // In this order: where there is a method, it stands near the start.
    is_object(event) && (has_field(event, b"\"httpMethod\"") || has_field(event, b"\"rawPath\""))
}

fn is_object(event: &[u8]) -> bool {
    event.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(event).trim_ascii_start().starts_with(b"{")
}

/// Whether `name`, in its quotes, stands before a colon.
fn has_field(event: &[u8], name: &[u8]) -> bool {
    memmem::find_iter(event, name).any(|start| {
        let behind = event.get(start + name.len()..).unwrap_or_default().trim_ascii_start();
        match behind.strip_prefix(b":") {
            Some(value) => !value.trim_ascii_start().starts_with(b"null"),
            // An event that ends here was cut off.
            None => behind.is_empty(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_event_with_a_method_is_http_even_if_it_is_cut_off() {
        for event in [
            &br#"{"httpMethod":"POST","body":"abc"#[..],
            b"\xEF\xBB\xBF {\"body\": \"\xFF\", \"httpMethod\" : \"POST\"}",
            br#"{"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": "POST""#,
            br#"{"httpMethod""#,
        ] {
            assert!(is_http(event) && HttpForm::guess(event).is_some(), "{event:?}");
        }
        let utf16: Vec<u8> = r#"{"httpMethod":"POST"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(is_http(&utf16));
    }

    #[test]
    fn a_body_that_quotes_the_field_is_not() {
        for event in [
            &br#"{"body":"{\"httpMethod\":\"POST\"}"}"#[..],
            br#"{"body":"{\"rawPath\":\"/\"}"}"#,
            br#"{"body":"x","note":"httpMethod"}"#,
            br#"{"body":"x","httpMethod": null}"#,
            b"\xFF\xD8\xFF a picture with \"httpMethod\": in it",
            b"",
        ] {
            assert!(!is_http(event) && HttpForm::guess(event).is_none(), "{event:?}");
        }
    }

    #[test]
    fn forms_are_told_by_the_fields_that_only_they_have() {
        for (event, form) in [
            (r#"{"httpMethod": "POST", "headers": {}, "multiValueHeaders": {}}"#, HttpForm::Rest),
            (r#"{"rawPath": "/", "httpMethod": "POST"}"#, HttpForm::Payload2),
            (r#"{"requestContext": {"elb": {}}, "httpMethod": "POST", "headers": {}}"#, HttpForm::Balancer),
            (
                r#"{"requestContext": {"elb": {}}, "httpMethod": "POST", "multiValueHeaders": {}}"#,
                HttpForm::BalancerLists,
            ),
        ] {
            assert_eq!(HttpForm::guess(event.as_bytes()), Some(form), "{event}");
        }
    }

    proptest! {
        #[test]
        fn both_questions_have_the_same_answer(
            text in r#"(\{| )("(httpMethod|rawPath|elb|body)"( ?:|,)?("x"|\{)?){0,4}"#, bytes in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let event = [text.as_bytes(), &bytes].concat();
            prop_assert_eq!(is_http(&event), HttpForm::guess(&event).is_some());
        }
    }
}

use super::*;
use proptest::prelude::*;

fn message(event: &[u8]) -> String {
    Event::parse(event).unwrap_err().to_string()
}

fn request(event: &str) -> (HttpRequest<'_>, Body<'_>) {
    match Event::parse(event.as_bytes()).unwrap() {
        Event { kind: EventKind::Http(request), body, .. } => (request, body),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_without_a_method_is_bare() {
    let event = Event::parse(br#"{"body": "QUJD", "unknown": [1, {"deep": null}]}"#).unwrap();
    assert!(matches!(event.kind, EventKind::Bare));
    assert_eq!(event.body, Body::Text("QUJD".into()));
}

#[test]
fn a_body_without_escapes_is_borrowed_from_the_event() {
    let event = Event::parse(br#"{"body": "QUJD"}"#).unwrap();
    assert!(matches!(event.body, Body::Text(Cow::Borrowed("QUJD"))));
    let event = Event::parse(br#"{"body": "QU\/JD\n"}"#).unwrap();
    assert_eq!(event.body, Body::Text("QU/JD\n".into()));
}

#[test]
fn header_names_come_in_any_case_and_values_as_text_or_list() {
    let (request, _) = request(
        r#"{"httpMethod": "POST", "headers": {"ACCEPT": ["text/plain", "x"], "accept-Language": "zh", "n": 3, "o": {}},
            "queryString": {"lang": "zh"}, "queryStringParameters": {"lang": "en", "top": "5"}, "body": ""}"#,
    );
    assert_eq!(request.headers.accept.as_deref(), Some("text/plain"));
    assert_eq!(request.headers.accept_language.as_deref(), Some("zh"));
    assert_eq!(request.query, Query { lang: Some("zh".into()), top: Some("5".into()) });
}

#[test]
fn gateways_may_leave_out_or_null_what_is_empty() {
    let (request, body) = request(
        r#"{"httpMethod": "POST", "headers": null, "queryString": "lang=zh&x", "queryStringParameters": null,
            "isBase64Encoded": null, "body": null}"#,
    );
    assert_eq!(request.headers, Headers::default());
    assert_eq!(request.query.lang.as_deref(), Some("zh"));
    assert_eq!(body, Body::Other("null"));
}

#[test]
fn what_is_no_event_is_named() {
    for (event, expected) in [
        (&b""[..], "the event is empty"),
        (b" \n\t", "the event is empty"),
        (b"hello", "expected value at line 1 column 1"),
        (b"[1, 2]", "JSON, but no object"),
        (b"\"text\"", "JSON, but no object"),
        (b"{\"body\": \"QU", "EOF while parsing a string"),
        (b"{\"body\": \"\xFF\"}", "not UTF-8: byte 10 is damaged"),
        (b"{\"body\": \"A\", \"body\": \"B\"}", "duplicate field `body`"),
        (b"{\"httpMethod\": 5}", "invalid type"),
        (b"{\"isBase64Encoded\": \"yes\"}", "invalid type"),
    ] {
        let found = message(event);
        assert!(found.contains(expected), "{found}");
        assert!(!found.contains('\n'), "{found}");
    }
}

#[test]
fn nesting_is_no_danger_wherever_it_stands() {
    let deep = |count: usize| "[".repeat(count) + &"]".repeat(count);
    let skipped = format!(r#"{{"unknown": {}, "body": "QQ=="}}"#, deep(100_000));
    assert!(Event::parse(skipped.as_bytes()).is_ok());
    let body = format!(r#"{{"body": {}}}"#, deep(100_000));
    assert!(matches!(Event::parse(body.as_bytes()), Ok(Event { body: Body::Other("a list"), .. })));
    assert!(message(deep(100_000).as_bytes()).contains("no object"));
}

#[test]
fn a_huge_header_map_is_skipped() {
    let headers: Vec<String> = (0..50_000).map(|n| format!(r#""x-header-{n}": "value""#)).collect();
    let event =
        format!(r#"{{"httpMethod": "POST", "headers": {{{}, "Accept": "text/plain"}}}}"#, headers.join(","));
    assert_eq!(request(&event).0.headers.accept.as_deref(), Some("text/plain"));
}

proptest! {
    #[test]
    fn any_bytes_give_an_event_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Event::parse(&bytes);
    }

    #[test]
    fn anything_that_looks_like_an_event_gives_an_event_or_a_reason(
        text in r#"\{("(body|headers|httpMethod|queryString|isBase64Encoded|x)": ?("[^"\\]{0,9}"|null|[0-9]{1,4}|true|\[\]|\{"accept": ?"a"\}),?){0,5}\}?"#
    ) {
        let _ = Event::parse(text.as_bytes());
    }
}

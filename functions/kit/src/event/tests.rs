use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Event<'_> {
    Event::parse(text).unwrap_or_else(|failure| panic!("{text}: {failure}"))
}

fn message(text: &str) -> String {
    Event::parse(text).unwrap_err().message().to_owned()
}

#[test]
fn an_event_without_a_method_is_bare() {
    let event = parse(r#"{"body": "QUJD", "unknown": [1, {"deep": null}], "requestContext": 5}"#);
    assert_eq!((event.http_form(), event.method(), event.header("accept")), (None, None, None));
    assert_eq!(event.body, Body::Text("QUJD".into()));
}

#[test]
fn a_body_without_escapes_is_borrowed_from_the_event() {
    assert!(matches!(parse(r#"{"body": "QUJD"}"#).body, Body::Text(Cow::Borrowed("QUJD"))));
    assert_eq!(parse(r#"{"body": "QU\/JD\n"}"#).body, Body::Text("QU/JD\n".into()));
}

#[test]
fn header_names_come_in_any_case_and_values_as_text_or_list() {
    let event = parse(
        r#"{"httpMethod": "POST", "headers": {"ACCEPT": ["text/plain", "x"], "accept-Language": "zh", "n": 3, "o": {}},
            "queryString": {"lang": "zh"}, "queryStringParameters": {"lang": "en", "top": "5"}, "body": ""}"#,
    );
    assert_eq!((event.header("accept"), event.header("accept-language")), (Some("text/plain"), Some("zh")));
    assert_eq!((event.header("n"), event.header("o")), (Some("3"), None));
    assert_eq!((event.query("lang"), event.query("top"), event.query("x")), (Some("zh"), Some("5"), None));
    assert_eq!((event.wanted_form(), event.wanted_language()), (Form::Text, Language::Chinese));
}

#[test]
fn gateways_may_leave_out_or_null_what_is_empty() {
    let event = parse(
        r#"{"httpMethod": "POST", "headers": null, "queryString": "lang=zh&x&note=a%20b+c", "queryStringParameters": null,
            "multiValueHeaders": null, "requestContext": null, "cookies": null, "isBase64Encoded": null, "body": null}"#,
    );
    assert_eq!(event.http_form(), Some(HttpForm::Rest));
    assert_eq!((event.query("lang"), event.query("note")), (Some("zh"), Some("a b c")));
    assert_eq!(event.body, Body::Other("null"));
}

#[test]
fn payload_2_of_aws_is_an_http_event() {
    let event = parse(
        r#"{"version": "2.0", "rawPath": "/a", "rawQueryString": "lang=zh&top=%31", "cookies": ["a=1", "b=2"],
            "headers": {"accept": "text/plain,application/json;q=0.5"}, "requestContext":
            {"http": {"method": "PUT", "path": "/a", "protocol": "HTTP/1.1"}, "timeEpoch": 1}, "body": "QUJD"}"#,
    );
    assert_eq!(event.http_form(), Some(HttpForm::Payload2));
    assert_eq!((event.method(), event.path()), (Some("PUT"), Some("/a")));
    assert_eq!((event.query("lang"), event.query("top")), (Some("zh"), Some("1")));
    assert_eq!((event.header("cookie"), event.wanted_form()), (Some("a=1; b=2"), Form::Text));
}

#[test]
fn load_balancers_give_single_values_or_lists() {
    let event = parse(
        r#"{"requestContext": {"elb": {"targetGroupArn": "x"}}, "httpMethod": "POST", "path": "/", "headers": {"a": "1"}}"#,
    );
    assert_eq!(event.http_form(), Some(HttpForm::Balancer));
    let event = parse(
        r#"{"requestContext": {"elb": {}}, "httpMethod": "POST", "multiValueHeaders": {"Accept": ["text/plain"]},
            "multiValueQueryStringParameters": {"top": ["7", "8"]}}"#,
    );
    assert_eq!(event.http_form(), Some(HttpForm::BalancerLists));
    assert_eq!((event.query("top"), event.wanted_form()), (Some("7"), Form::Text));
}

#[test]
fn what_is_no_event_is_named() {
    for (event, expected) in [
        ("", "the event is empty"),
        (" \n\t", "the event is empty"),
        ("hello", "expected value at line 1 column 1"),
        ("[1, 2]", "JSON, but no object"),
        ("\"text\"", "JSON, but no object"),
        ("{\"body\": \"QU", "EOF while parsing a string"),
        ("{\"body\": \"A\", \"body\": \"B\"}", "duplicate field `body`"),
        ("{\"httpMethod\": 5}", "invalid type"),
        ("{\"isBase64Encoded\": \"yes\"}", "invalid type"),
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
    assert!(Event::parse(&skipped).is_ok());
    let body = format!(r#"{{"body": {}}}"#, deep(100_000));
    assert_eq!(parse(&body).body, Body::Other("a list"));
    assert!(message(&deep(100_000)).contains("no object"));
}

#[test]
fn a_huge_header_map_is_skipped() {
    let headers: Vec<String> = (0..50_000).map(|n| format!(r#""x-header-{n}": "value""#)).collect();
    let event =
        format!(r#"{{"httpMethod": "POST", "headers": {{{}, "Accept": "text/plain"}}}}"#, headers.join(","));
    assert_eq!(parse(&event).header("accept"), Some("text/plain"));
}

proptest! {
    #[test]
    fn anything_that_looks_like_an_event_gives_an_event_or_a_reason(
        text in r#"\{("(body|headers|httpMethod|rawPath|queryString|cookies|requestContext|isBase64Encoded|x)": ?("[^"\\]{0,9}"|null|[0-9]{1,4}|true|\[\]|\{"accept": ?"a"\}),?){0,5}\}?"#
    ) {
        if let Ok(event) = Event::parse(&text) {
            prop_assert_eq!(event.http_form().is_some(), contract::http::is_http(text.as_bytes()));
        }
    }
}

//! Whole events with a function that tells what it was given.

use super::*;
use contract::ErrorCode;
use proptest::prelude::*;
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const PNG_BASE64: &str = "iVBORw0KGgoAAAANSUhEUg==";

/// Answers with the picture's format and size.
fn reply(input: impl AsRef<[u8]>) -> Reply {
    respond(input.as_ref(), &mut |event| {
        let picture = event.picture()?;
        Ok(Answer::text(format!("{} of {} bytes\n", picture.format().name(), picture.bytes().len())))
    })
}

fn text_of(input: impl AsRef<[u8]>) -> String {
    let reply = reply(input);
    assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
    String::from_utf8(reply.stdout).unwrap()
}

/// Exit code and words of a bare event that is refused.
fn refusal(input: impl AsRef<[u8]>) -> (u8, String) {
    let reply = reply(input);
    assert_eq!(reply.stdout, b"");
    (reply.exit_code, reply.stderr)
}

#[test]
fn a_bare_event_is_json_or_the_picture_itself() {
    let event = json!({"body": PNG_BASE64}).to_string();
    let utf16: Vec<u8> = event.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let form = [b"--X\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n", PNG, b"\r\n--X--"].concat();
    for input in [
        event.as_bytes(),
        &utf16,
        format!("\u{feff}{event}").as_bytes(),
        PNG,
        PNG_BASE64.as_bytes(),
        format!("data:image/png;base64,{PNG_BASE64}").as_bytes(),
        &form,
    ] {
        assert_eq!(text_of(input), "PNG of 16 bytes\n", "{input:?}");
    }
}

#[test]
fn line_breaks_that_a_shell_put_into_json_are_read() {
    for line_end in ["\n", "\r\n"] {
        let wrapped = format!("{}{line_end}{}{line_end}", &PNG_BASE64[..8], &PNG_BASE64[8..]);
        assert_eq!(text_of(format!("{{\"body\": \"{wrapped}\"}}")), "PNG of 16 bytes\n");
    }
    assert!(refusal("{\"body\": \"QU\nJD").1.contains("EOF while parsing a string"));
}

#[test]
fn what_a_bare_event_is_refused_for_is_told_by_its_exit_code() {
    for (input, code, words) in [
        (&b""[..], ErrorCode::BadRequest, "the event is empty"),
        (b"{\"body\": \"\xFF\"}", ErrorCode::BadRequest, "not UTF-8"),
        (br#"{"body": "QQ*"}"#, ErrorCode::BadRequest, "found '*'"),
        (
            br#"{"body": "R0lGODlhAQABAA=="}"#,
            ErrorCode::UnsupportedImage,
            "found GIF, accepted are JPEG and PNG",
        ),
        (b"GIF89a", ErrorCode::UnsupportedImage, "found GIF, accepted are JPEG and PNG"),
    ] {
        let (exit_code, found) = refusal(input);
        assert_eq!(exit_code, code.exit_code(), "{found}");
        assert!(found.contains(words) && found.ends_with('\n') && found.lines().count() == 1, "{found}");
    }
    let large = json!({"body": "A".repeat(MAX_EVENT_BYTES)}).to_string();
    assert_eq!(refusal(large), (13, "the event has more than 32 MB, accepted are up to that\n".to_owned()));
}

#[test]
fn an_event_of_a_storage_that_nobody_handled_is_named() {
    let (exit_code, words) = refusal(r#"{"Records": [{"eventSource": "aws:s3", "s3": {}}]}"#);
    assert_eq!(exit_code, 1);
    assert!(words.starts_with("this is a storage event of S3:"), "{words}");
}

#[test]
fn failures_go_back_in_the_form_of_the_event() {
    for (event, part) in [
        (r#"{"httpMethod": "POST"}"#, r#""statusCode":400"#),
        (r#"{"httpMethod": "POST", "body": "#, r#""statusCode":400"#),
        (r#"{"version": "2.0", "rawPath": "/", "body": "R0lGODlhAQABAA=="}"#, r#""statusCode":415"#),
        (
            r#"{"requestContext": {"elb": {}}, "httpMethod": "POST", "multiValueHeaders": {}}"#,
            r#""multiValueHeaders":{"cache-control":["no-store"]"#,
        ),
    ] {
        assert!(text_of(event).contains(part), "{event}");
    }
    let utf16: Vec<u8> =
        r#"{"httpMethod": "POST", "body": "#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(text_of(utf16).contains(r#""statusCode":400"#));
}

#[test]
fn a_function_is_told_its_options_at_its_start() {
    let setup = Setup::named("size").with_query("size=512");
    let mut size = |event: &Event<'_>| match event.number("size", 1..=4096_u32)? {
        Some(size) => Ok(Answer::bytes("image/png", size.to_string().into_bytes())),
        None => Err(FunctionError::bad_request("no size")),
    };
    let mut told = |input: &[u8]| {
        let reply = respond_as(&setup, input, &mut size);
        assert_eq!((reply.exit_code, reply.stderr.as_str()), (0, ""));
        reply.stdout
    };
    assert_eq!(told(PNG), b"512");
    assert_eq!(
        told(br#"{"size": 9, "body": ""}"#),
        b"{\"body\":\"OQ==\",\"content_type\":\"image/png\",\"suffix\":\".size.png\"}\n"
    );
    assert!(told(br#"{"httpMethod": "POST", "body": "x"}"#).starts_with(b"{\"body\":\"NTEy\""));
    assert_eq!(respond(PNG, &mut size).stderr, "no size\n");
}

#[test]
fn options_is_answered_without_the_function() {
    for event in [
        r#"{"httpMethod": "OPTIONS"}"#,
        r#"{"rawPath": "/", "requestContext": {"http": {"method": "options"}}}"#,
    ] {
        let answer: Value = serde_json::from_str(&text_of(event)).unwrap();
        assert_eq!(
            (&answer["statusCode"], &answer["headers"]["allow"]),
            (&json!(204), &json!("POST, OPTIONS"))
        );
    }
}

#[test]
fn internal_errors_have_the_form_of_the_event_at_hand() {
    let bare = internal_error(b"{}", "why");
    assert_eq!((bare.stderr.as_str(), bare.exit_code), ("why\n", 70));
    let http = internal_error(br#"{"httpMethod": "POST"}"#, "why").stdout;
    assert!(String::from_utf8(http).unwrap().contains("\"statusCode\":500"));
}

proptest! {
    #[test]
    fn any_event_gets_an_answer_on_exactly_one_stream(
        start in r#"(|\{"body":"|\{"httpMethod":"POST","body":"|\{"rawPath":"/","body":|--X\n|data:)"#,
        bytes in proptest::collection::vec(any::<u8>(), 0..100), end in r#"("\}|\}|)"#,
    ) {
        let reply = reply([start.as_bytes(), &bytes, end.as_bytes()].concat());
        prop_assert!(reply.stdout.is_empty() != reply.stderr.is_empty());
        prop_assert_eq!(reply.exit_code == 0, reply.stderr.is_empty());
    }
}

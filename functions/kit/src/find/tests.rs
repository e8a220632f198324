use super::*;
use ::base64::Engine as _;
use ::base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::*;
use serde_json::json;

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0picture\xFB\xEF\xBE";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn percent(bytes: impl AsRef<[u8]>) -> String {
    percent_encode(bytes.as_ref(), NON_ALPHANUMERIC).to_string()
}

/// The picture in an HTTP event with this body.
fn bytes_under(content_type: &str, body: &str, is_base64: bool) -> Result<Vec<u8>, FunctionError> {
    let event = json!({"httpMethod": "POST", "headers": {"Content-Type": content_type}, "body": body,
        "isBase64Encoded": is_base64});
    let event = event.to_string();
    Event::parse(&event).unwrap().picture().map(|picture| picture.bytes().to_vec())
}

fn bytes_of(body: &str) -> Result<Vec<u8>, FunctionError> {
    bytes_under("", body, false)
}

/// What a client sent under a type, through a gateway that encodes all bodies.
fn bytes_sent(content_type: &str, body: impl AsRef<[u8]>) -> Result<Vec<u8>, FunctionError> {
    bytes_under(content_type, &encode(body), true)
}

fn message<T: std::fmt::Debug>(result: Result<T, FunctionError>) -> String {
    result.unwrap_err().message().to_owned()
}

#[test]
fn a_picture_comes_as_base64_as_data_url_or_as_json_with_either() {
    let picture = encode(JPEG);
    let url = format!("data:image/gif;name=x;base64,{picture}");
    for body in [
        picture.clone(),
        format!("\n {picture} \n"),
        url.clone(),
        url.to_uppercase().split(',').next().unwrap().to_owned() + "," + &picture,
        format!(r#" {{"image": "{picture}", "other": 1}}"#),
        format!(r#"{{"image": "{url}"}}"#),
        format!(r#"{{"body": "{picture}"}}"#),
        format!(r#"{{"httpMethod": "POST", "body": "{}", "isBase64Encoded": true}}"#, encode(&url)),
        format!("\"{picture}\""),
    ] {
        assert_eq!(bytes_of(&body).as_deref(), Ok(JPEG), "{body}");
        assert_eq!(bytes_sent("", &body).as_deref(), Ok(JPEG), "base64 of {body}");
        assert_eq!(bytes_of(&encode(&body)).as_deref(), Ok(JPEG), "unannounced base64 of {body}");
    }
    assert_eq!(bytes_sent("text/plain", JPEG).as_deref(), Ok(JPEG));
}

#[test]
fn encodings_on_the_way_are_taken_off() {
    let picture = encode(JPEG);
    let url = format!("data:image/jpeg;base64,{picture}");
    let wrapped: Vec<&str> =
        picture.as_bytes().chunks(8).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let latin_1: String = JPEG.iter().map(|&byte| char::from(byte)).collect();
    for body in [
        percent(&picture),
        percent(&url),
        format!("data:image/jpeg;base64,{}", percent(&picture)),
        format!("data:image/jpeg,{}", percent(JPEG)),
        encode(encode(&picture)),
        encode(&url),
        format!("{{\"image\": \"{}\"}}", wrapped.join("\n")),
        latin_1,
    ] {
        assert_eq!(bytes_of(&body).as_deref(), Ok(JPEG), "{body}");
    }
    let utf16: Vec<u8> = url.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(bytes_sent("", utf16).as_deref(), Ok(JPEG));
}

#[test]
fn a_form_in_one_line_gives_the_picture_of_any_field() {
    const KIND: &str = "application/x-www-form-urlencoded; charset=utf-8";
    let picture = encode(JPEG);
    for body in [
        format!("image={}", percent(&picture)),
        // `curl -d` encodes nothing.
        format!("image={picture}"),
        format!("note=a+b&empty=&photo={}&x=1", percent(format!("data:image/jpeg;base64,{picture}"))),
        format!("photo={}", percent(JPEG)),
        picture.clone(),
    ] {
        assert_eq!(bytes_under(KIND, &body, false).as_deref(), Ok(JPEG), "{body}");
        assert_eq!(bytes_sent(KIND, &body).as_deref(), Ok(JPEG), "{body}");
    }
    assert_eq!(bytes_of(&format!("image={}", percent(&picture))).as_deref(), Ok(JPEG));
    let refused = bytes_under(KIND, "name=anna&age=7", false);
    assert!(message(refused).contains("found \"name\" (text), \"age\" (text); accepted are JPEG and PNG"));
}

fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend(
            [b"--X\r\nContent-Disposition: form-data", head.as_bytes(), b"\r\n\r\n", content, b"\r\n"]
                .concat(),
        );
    }
    body.extend(b"--X--\r\n");
    body
}

const FORM: &str = "multipart/form-data; boundary=X";

#[test]
fn of_a_form_the_first_part_that_is_a_picture_counts() {
    let text = encode(JPEG);
    let url = format!("data:image/jpeg;base64,{text}");
    let json = json!({"image": text}).to_string();
    for content in [JPEG, text.as_bytes(), url.as_bytes(), json.as_bytes()] {
        for head in [
            "; name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg",
            "; name=\"file\"; filename*=UTF-8''%e7%95%aa.gif\r\nContent-Type: image/gif",
            "; name=\"note\"",
            "",
        ] {
            let body = form(&[
                ("; name=\"user\"", b"anna"),
                ("; name=\"camera\"; filename=\"\"\r\nContent-Type: application/octet-stream", b""),
                (
                    "; name=\"meta\"; filename=\"blob\"\r\nContent-Type: application/json",
                    b"{\"device\": \"x\"}",
                ),
                ("; name=\"token\"", b"QUJDRA=="),
                (head, content),
                ("; name=\"second\"", b"GIF89a"),
            ]);
            for content_type in
                [FORM, "multipart/mixed; boundary=\"X\"", "multipart/related", "application/octet-stream", ""]
            {
                assert_eq!(
                    bytes_sent(content_type, &body).as_deref(),
                    Ok(JPEG),
                    "{content_type} {head} {content:?}"
                );
            }
        }
    }
}

#[test]
fn a_form_within_a_form_is_looked_through() {
    let inner = form(&[("", JPEG)]);
    let inner = String::from_utf8_lossy(&inner).replace("--X", "--Y").into_bytes();
    assert_ne!(inner, form(&[("", JPEG)]));
    let inner = [b"--Y\r\n\r\n", JPEG, b"\r\n--Y--"].concat();
    let body = form(&[("; name=\"files\"\r\nContent-Type: multipart/mixed; boundary=Y", &inner)]);
    assert_eq!(bytes_sent(FORM, &body).as_deref(), Ok(JPEG));
}

#[test]
fn a_form_may_stand_in_an_event_as_text() {
    let body = form(&[("; name=\"a\"", encode(JPEG).as_bytes())]);
    let text = String::from_utf8(body).unwrap();
    assert_eq!(bytes_under(FORM, &text, false).as_deref(), Ok(JPEG));
    assert_eq!(bytes_of(&text).as_deref(), Ok(JPEG));
    let latin_1: String = form(&[("; name=\"a\"", JPEG)]).iter().map(|&byte| char::from(byte)).collect();
    assert_eq!(bytes_under(FORM, &latin_1, false).as_deref(), Ok(JPEG));
}

#[test]
fn a_form_without_a_picture_is_told_what_was_found() {
    for (parts, expected) in [
        (&[][..], "the form can't be read: it has no part"),
        (&[("; name=\"f\"", &b""[..])], "no part of the form is a picture: found \"f\" (empty)"),
        (
            &[("; name=\"a\"", b"anna"), ("; name=\"f\"", b"\x01\x02")],
            "found \"a\" (text), \"f\" (data of an unknown format); accepted are JPEG and PNG",
        ),
        (
            &[("; name=\"a\"", b"anna"), ("; name=\"f\"", b"GIF89a\x01")],
            "found GIF, accepted are JPEG and PNG",
        ),
        (&[("; name=\"f\"", b"data:image/png;base64,*")], "the body is not base64: found '*' at position 0"),
    ] {
        assert!(message(bytes_sent(FORM, form(parts))).contains(expected), "{expected}");
    }
}

#[test]
fn what_is_no_picture_is_named_with_what_would_be_one() {
    for (body, expected) in [
        ("", "the body is empty"),
        (" \n", "the body is empty"),
        ("{}", "missing field `image`"),
        (r#"{"image": 5}"#, "the body's image is a number, not a text"),
        (r#"{"image": " "}"#, "the body's image is empty"),
        (r#"{"image": "A", "image": "B"}"#, "duplicate field `image`"),
        ("data:image/png,abc", "without ;base64"),
        ("data:image/png;base64", "without data"),
        ("\u{fffd}\u{fffd}\u{fffd}\u{fffd}\0\u{10}JFIF", "read as text on its way"),
        ("\u{fffd}PNG\r\n\u{1a}\n", "read as text on its way"),
    ] {
        let message = message(bytes_of(body));
        assert!(message.contains(expected) && message.contains("accepted are"), "{message}");
    }
    assert!(message(bytes_of("not base64!")).contains("found '!' at position 10"));
    assert!(message(bytes_of("/9j AAAA AA")).contains("became a space"));
}

#[test]
fn compressed_bodies_are_named_and_charsets_are_no_compression() {
    let sent = |encoding: &str| {
        let event =
            json!({"httpMethod": "POST", "headers": {"content-encoding": encoding}, "body": encode(JPEG)});
        Event::parse(&event.to_string()).unwrap().picture().map(|picture| picture.bytes().to_vec())
    };
    for encoding in ["", "identity", "UTF-8", "utf-8", "binary", "aws-chunked"] {
        assert_eq!(sent(encoding).as_deref(), Ok(JPEG), "{encoding}");
    }
    for encoding in ["gzip", "GZIP", "br", "identity, zstd"] {
        let error = sent(encoding).unwrap_err();
        assert_eq!(error.code().name(), "unsupported_image");
        assert!(error.message().contains("the body is compressed with"), "{error}");
    }
}

#[test]
fn a_json_body_that_claims_to_be_base64_is_refused() {
    let body = format!(r#"{{"image": "{}"}}"#, encode(JPEG));
    assert_eq!(message(bytes_under("", &body, true)), "the body is not base64: found '{' at position 0");
}

#[test]
fn other_text_is_named_as_such() {
    assert_eq!(message(bytes_of(&encode("hello"))), "found text, accepted are JPEG and PNG");
    assert_eq!(message(bytes_sent("", "a-tomato?")), "the body is not base64: found '?' at position 8");
}

#[test]
fn a_file_of_low_bytes_is_data_or_has_a_name_and_is_no_bad_base64() {
    let sent = |bytes: &[u8]| message(bytes_sent("", bytes));
    assert_eq!(sent(b"\x01\x02abc"), "found data of an unknown format, accepted are JPEG and PNG");
    assert_eq!(sent(b"\x01\0\0\0\x7C\0 \0"), "found data of an unknown format, accepted are JPEG and PNG");
    assert_eq!(sent(b"P5\n2 2\n127\n\x01\x02\x03\x04"), "found PGM, accepted are JPEG and PNG");
}

#[test]
fn a_missing_body_is_named() {
    let message = |event: &str| message(Event::parse(event).unwrap().picture());
    assert!(message("{}").starts_with("the event has no body; accepted are"));
    assert!(message(r#"{"body": 5}"#).starts_with("the body is a number, not a text"));
}

#[test]
fn layers_are_taken_off_up_to_a_bound() {
    let mut body = encode(JPEG);
    for _ in 0..20 {
        body = json!({ "image": body }).to_string();
    }
    assert!(message(bytes_of(&body)).contains("encoded too many times over"));
}

#[test]
fn a_picture_in_a_form_is_not_copied_out_of_it() {
    let body = form(&[("; name=\"f\"", JPEG)]);
    let event = Event::of_body(&body);
    let picture = event.picture().unwrap();
    assert!(body.as_ptr_range().contains(&picture.bytes().as_ptr()));
}

proptest! {
    #[test]
    fn any_body_under_any_type_is_a_picture_or_a_reason(
        content_type in "(text/plain|image/png|multipart/form-data; boundary=X|application/json|application/x-www-form-urlencoded|)",
        start in r#"(|\{"body":|\{"image": "|--X\r\nContent-Disposition: form-data; name="f"|data:;base64,|a=|/9j/|")"#,
        body in proptest::collection::vec(any::<u8>(), 0..200), text in ".{0,40}", is_text: bool,
    ) {
        let result = if is_text {
            bytes_under(&content_type, &format!("{start}{text}"), false)
        } else {
            bytes_sent(&content_type, [start.as_bytes(), &body].concat())
        };
        match result {
            Ok(bytes) => prop_assert!(Format::sniff(&bytes).is_some()),
            Err(error) => prop_assert!(error.code().is_the_callers() && !error.message().is_empty()),
        }
    }
}

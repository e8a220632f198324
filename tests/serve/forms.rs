//! The forms in which a picture may come, and the answers.

use serde_json::json;

use support::read;

use crate::client::{Client, encode, form};
use crate::in_process::InProcess;
use crate::server::{labels_of_run, tomato};

#[test]
fn every_form_of_a_picture_gets_the_labels_of_vision_run() {
    let server = InProcess::start(&[]);
    let picture = tomato();
    let expected = labels_of_run(&picture);
    let base64 = encode(&picture);
    let url = format!("data:image/jpeg;base64,{base64}");
    let (form_content_type, form_body) = form(&picture);
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("image/jpeg", picture.clone()),
        ("application/octet-stream", picture.clone()),
        ("application/x-www-form-urlencoded", picture.clone()),
        (form_content_type, form_body),
        ("text/plain", base64.clone().into()),
        ("text/plain", url.clone().into()),
        ("application/json", json!({"image": base64}).to_string().into()),
        ("application/json", json!({"image": url}).to_string().into()),
        ("application/json", json!({"body": base64}).to_string().into()),
        ("application/json", json!({"body": encode(&url), "isBase64Encoded": true}).to_string().into()),
    ];
    for (content_type, body) in forms {
        for path in ["/", "/v1/recognize"] {
            let reply = server.post(path, content_type, &body);
            assert_eq!((reply.status, reply.json()), (200, expected.clone()), "{content_type} to {path}");
        }
    }
}

/// Fields of a form without a picture: an input for files that is empty, data about the picture, a name.
const OTHER_PARTS: &str = "--b\r\ncontent-disposition: form-data; name=\"camera\"; filename=\"\"\r\ncontent-type: \
    application/octet-stream\r\n\r\n\r\n--b\r\ncontent-disposition: form-data; name=\"meta\"; filename=\"blob\"\r\n\r\n\
    {\"device\":\"x\"}\r\n--b\r\ncontent-disposition: form-data; name=\"user\"\r\n\r\nanna\r\n";

#[test]
fn parts_of_a_form_are_chosen_by_what_is_in_them() {
    let server = InProcess::start(&[]);
    let picture = tomato();
    let expected = labels_of_run(&picture);
    let base64 = encode(&picture);
    let with = |content: &[u8]| {
        let head = b"--b\r\ncontent-disposition: form-data; name=\"photo\"\r\n\r\n";
        [OTHER_PARTS.as_bytes(), head, content, b"\r\n--b--\r\n"].concat()
    };
    let url_encoded = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for (content_type, body) in [
        ("multipart/form-data; boundary=b", with(&picture)),
        ("multipart/form-data; boundary=\"b\"", with(base64.as_bytes())),
        ("multipart/related; boundary=b", with(format!("data:image/jpeg;base64,{base64}").as_bytes())),
        ("multipart/form-data", with(&picture)),
        ("application/octet-stream", with(&picture)),
        ("application/x-www-form-urlencoded", format!("user=anna&image={url_encoded}").into_bytes()),
        ("application/x-www-form-urlencoded", format!("image={base64}").into_bytes()),
    ] {
        let reply = server.post("/", content_type, &body);
        assert_eq!((reply.status, reply.json()), (200, expected.clone()), "{content_type}");
    }
    let nothing = [OTHER_PARTS, "--b--\r\n"].concat();
    let reply = server.post("/", "multipart/form-data; boundary=b", nothing.as_bytes());
    assert_eq!(reply.error(), (415, "unsupported_image".to_owned()));
    assert!(
        reply.message().contains("\"camera\" (empty), \"meta\" (text), \"user\" (text)"),
        "{}",
        reply.message()
    );
}

#[test]
fn a_charset_in_content_encoding_is_no_compression() {
    let server = InProcess::start(&[]);
    let reply = server.send("POST", "/", &[("content-encoding", "utf-8")], &tomato());
    assert_eq!(reply.json(), labels_of_run(&tomato()));
}

#[test]
fn a_png_is_a_picture_too() {
    let server = InProcess::start(&[]);
    let picture = read("tests/images/grey-16.png");
    assert_eq!(server.post("/", "image/png", &picture).json(), labels_of_run(&picture));
}

#[test]
fn the_body_of_the_demo_is_an_event() {
    let server = InProcess::start(&[]);
    let reply = server.post("/", "application/json", &read("tests/tomato.json"));
    assert!(reply.json()["predictions"][0]["label"].as_str().unwrap().contains("omato"));
}

#[test]
fn language_number_and_form_of_the_answer_are_the_clients_choice() {
    let server = InProcess::start(&[]);
    let top = server.post("/v1/recognize?top=5&lang=zh", "image/jpeg", &tomato());
    assert_eq!(top.json()["predictions"].as_array().unwrap().len(), 5);
    assert_eq!(top.header("content-language"), Some("zh"));
    let headers = [("accept", "text/plain"), ("accept-language", "zh-CN")];
    let text = server.send("POST", "/", &headers, &tomato());
    assert_eq!((text.text().lines().count(), text.header("content-language")), (3, Some("zh")));
    assert!(text.text().lines().all(|line| line.ends_with('%')), "{}", text.text());
}

#[test]
fn an_answer_says_where_its_time_went_and_carries_an_id() {
    let server = InProcess::start(&[]);
    let reply = server.recognize(&tomato());
    for stage in ["read;dur=", "queue;dur=", "inference;dur="] {
        assert!(reply.header("server-timing").unwrap().contains(stage));
    }
    assert!(reply.header("x-request-id").is_some_and(|id| id.len() == 36));
    let own = server.send("GET", "/healthz", &[("x-request-id", "mine-7")], b"");
    assert_eq!(own.header("x-request-id"), Some("mine-7"));
    let odd = server.send("GET", "/healthz", &[("x-request-id", "a b\"c")], b"");
    assert_ne!(odd.header("x-request-id"), Some("a b\"c"));
}

#[test]
fn pages_of_other_origins_are_let_in_only_where_told() {
    let ask = |server: &InProcess| {
        let headers = [("origin", "https://example.org"), ("access-control-request-method", "POST")];
        let reply = server.send("OPTIONS", "/v1/recognize", &headers, b"");
        reply.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(ask(&InProcess::start(&[])), None);
    let known = InProcess::start(&["--cors-origin", "https://example.org"]);
    assert_eq!(ask(&known).as_deref(), Some("https://example.org"));
    assert_eq!(ask(&InProcess::start(&["--cors-origin", "https://other.org"])), None);
}

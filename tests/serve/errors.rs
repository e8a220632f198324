//! What clients are told when there is no good answer.

use serde_json::json;

use crate::client::{Client, encode};
use crate::in_process::InProcess;
use crate::server::{Server, tomato};

#[test]
fn what_is_no_picture_is_named() {
    let server = InProcess::start(&[]);
    for (kind, body, status, code, message) in [
        (
            "image/gif",
            &b"GIF89a\x01\0\x01\0"[..],
            415,
            "unsupported_image",
            "found GIF, accepted are JPEG and PNG",
        ),
        ("image/jpeg", b"\xFF\xD8\xFF\xE0 and so on", 422, "undecodable_image", "the JPEG can't be decoded"),
        ("image/jpeg", b"", 400, "bad_request", "the body is empty"),
        ("text/plain", b"a tomato?", 400, "bad_request", "the body is not base64"),
        ("application/json", b"{\"picture\": 1}", 400, "bad_request", "missing field `image`"),
        ("multipart/form-data", b"--x--", 400, "bad_request", "the form can't be read"),
    ] {
        let reply = server.post("/v1/recognize", kind, body);
        assert_eq!(reply.error(), (status, code.to_owned()), "{kind}");
        assert!(reply.message().contains(message), "{}", reply.message());
    }
}

#[test]
fn parameters_that_make_no_sense_are_named() {
    let server = InProcess::start(&[]);
    for query in ["top=0", "top=many", "top=1000000", "top=1&top=2"] {
        let reply = server.post(&format!("/v1/recognize?{query}"), "image/jpeg", &tomato());
        assert_eq!(reply.error(), (400, "bad_request".to_owned()), "{query}");
        assert!(reply.message().contains("top"), "{}", reply.message());
    }
}

#[test]
fn a_compressed_body_is_refused() {
    let server = InProcess::start(&[]);
    let reply = server.send("POST", "/", &[("content-encoding", "gzip")], &tomato());
    assert_eq!(reply.error(), (415, "unsupported_image".to_owned()));
}

#[test]
fn other_addresses_are_not_found_and_other_methods_not_allowed() {
    let server = InProcess::start(&[]);
    assert_eq!(server.get("/elsewhere").error(), (404, "not_found".to_owned()));
    assert_eq!(server.get("/assets/../Cargo.toml").status, 404);
    let put = server.send("PUT", "/v1/recognize", &[], b"");
    assert_eq!(put.error(), (405, "method_not_allowed".to_owned()));
    assert_eq!(put.header("allow"), Some("POST"));
}

#[test]
fn a_module_that_fails_is_our_fault_and_keeps_its_secrets() {
    let server = Server::start_wat(
        r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#,
        &["--log-level", "error"],
    );
    let reply = server.recognize(&tomato());
    assert_eq!(reply.error(), (500, "internal".to_owned()));
    assert!(!reply.message().contains("unreachable"), "{}", reply.message());
    assert!(server.log().contains("unreachable"), "{}", server.log());
}

#[test]
fn what_is_wrong_with_the_command_line_is_told_before_anything_is_served() {
    let taken = Server::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().to_str().unwrap();
    for (arguments, message) in [
        (&["--listen", taken.address()][..], "can't listen on"),
        (&["--listen", "nowhere"], "invalid"),
        (&["--cors-origin", "example.org"], "accepted are * and origins"),
        (&["--history", "mysql://h/d"], "accepted are a file of SQLite"),
        (&["--history", folder], "is a folder: it was left as it is; move it away"),
        (&["--history", ":memory:"], "./:memory: would be one"),
        (&["--history", "file:h.sqlite?mode=memory"], "is not the path of a file"),
        (&["--queue-limit", "70000"], "--queue-limit"),
    ] {
        let mut command = crate::server::vision();
        command.arg("serve").arg("--wasm").arg(support::file("dist/recognize.wasm")).args(arguments);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
}

#[test]
fn a_body_that_claims_to_be_base64_of_an_event_is_refused_in_words() {
    let server = InProcess::start(&[]);
    let body = json!({"body": "{}", "isBase64Encoded": true}).to_string();
    let reply = server.post("/", "application/json", body.as_bytes());
    assert_eq!(reply.error(), (400, "bad_request".to_owned()));
    let text = json!({"body": encode("tomato")}).to_string();
    assert_eq!(server.post("/", "application/json", text.as_bytes()).error().0, 415);
}

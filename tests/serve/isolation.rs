//! What one client can see of another: nothing.

use std::thread;

use support::read;

use crate::client::Client;
use crate::server::{Server, labels_of_run, tomato};

#[test]
fn clients_at_the_same_time_get_the_labels_of_their_own_pictures() {
    let server = Server::start(&[]);
    let pictures: Vec<_> =
        ["samples/tomato.jpg", "samples/lemon.jpg", "samples/granny-smith.jpg", "images/cmyk.jpg"]
            .map(|name| read(&format!("tests/{name}")))
            .into_iter()
            .map(|picture| (labels_of_run(&picture), picture))
            .collect();
    thread::scope(|scope| {
        for number in 0..8 {
            let (expected, picture) = &pictures[number % pictures.len()];
            let server = &server;
            scope.spawn(move || {
                for _ in 0..10 {
                    assert_eq!(&server.recognize(picture).json(), expected);
                }
            });
        }
    });
}

/// Prints the first byte of its memory as a digit, then changes it.
const REMEMBERS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "0")
    (func (export "_start")
        (i32.store (i32.const 8) (i32.const 0))
        (i32.store (i32.const 12) (i32.const 1))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))
        (i32.store8 (i32.const 0) (i32.const 49))))"#;

#[test]
fn a_module_remembers_nothing_of_the_event_before() {
    let server = Server::start_wat(REMEMBERS, &["--log-level", "off"]);
    for _ in 0..6 {
        assert_eq!(server.recognize(&tomato()).text(), "0");
    }
}

/// Answers with headers that would count for more than this answer: for the page, the history, or a proxy in front.
const WANTS_THE_ORIGIN: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "{\22statusCode\22: 200, \22body\22: \22<script>\22, \22headers\22: {\22content-type\22: \22text/html\22, \22x-vision-notice\22: \22hello\22, \22set-cookie\22: \22a=b\22, \22Access-Control-Allow-Origin\22: \22*\22, \22location\22: \22//evil.example\22, \22clear-site-data\22: \22*\22, \22service-worker-allowed\22: \22/\22, \22x-accel-redirect\22: \22/secret\22, \22strict-transport-security\22: \22max-age=9\22, \22content-security-policy\22: \22script-src *\22}}   ")
    (func (export "_start")
        (i32.store (i32.const 8) (i32.const 64))
        (i32.store (i32.const 12) (i32.const LENGTH))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))"#;

#[test]
fn a_module_sets_no_headers_for_the_page_the_history_or_a_proxy() {
    let text = WANTS_THE_ORIGIN.split("(data (i32.const 64) \"").nth(1).unwrap().split("\")").next().unwrap();
    let length = text.replace("\\22", "\"").len().to_string();
    let module = WANTS_THE_ORIGIN.replace("LENGTH", &length);
    let server = Server::start_wat(&module, &["--workers", "1", "--log-level", "vision=debug"]);
    let reply = server.recognize(&tomato());
    assert_eq!((reply.status, reply.text().as_str()), (200, "<script>"), "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    assert_eq!(reply.header("x-vision-notice"), Some("hello"));
    for name in [
        "set-cookie",
        "access-control-allow-origin",
        "location",
        "clear-site-data",
        "service-worker-allowed",
        "x-accel-redirect",
        "strict-transport-security",
    ] {
        assert_eq!(reply.header(name), None, "{name}");
        assert!(
            server.log().to_lowercase().contains(&format!("left out name=\"{name}\"")),
            "{name}: {}",
            server.log()
        );
    }
    // What it answers with runs nothing, and is of no origin.
    assert_eq!(reply.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
}

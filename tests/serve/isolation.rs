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

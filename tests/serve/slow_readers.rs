//! Clients that are slow to take large answers.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use support::file;

use crate::client::{Client, request};
use crate::server::{Server, eventually, labels_of_run, tomato};

/// A service with a function that answers with as much as it is asked for, and room for two answers of 20 MB.
fn serve(arguments: &[&str]) -> Server {
    let copies = file("target/wasm/wasm32-wasip1/release/copies.wasm");
    let large = format!("large={},answer-limit=28,workers=1", copies.display());
    Server::start(&[&["--function", &large, "--bodies-limit", "16"], arguments].concat())
}

const LARGE: &str = "/v1/large?pad=20000000";

#[test]
fn answers_that_nobody_takes_have_a_bound_together_and_harm_no_others() {
    let server = serve(&[]);
    let expected = labels_of_run(&tomato());
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut client = server.connect();
        client.write_all(&request("POST", LARGE, &[], &tomato())).unwrap();
        // The answer begins, so it has its share.
        client.read_exact(&mut [0; 1]).unwrap();
        waiting.push(client);
    }
    let third = server.post(LARGE, "image/jpeg", &tomato());
    assert_eq!(third.error(), (503, "overloaded".to_owned()));
    assert!(third.message().contains("wait for their clients"), "{}", third.message());
    let small = server.post("/v1/large", "image/jpeg", &tomato());
    assert_eq!((small.status, small.body.len()), (200, tomato().len()));
    assert_eq!(server.recognize(&tomato()).json(), expected);
    drop(waiting);
    eventually("there is room again", || server.post(LARGE, "image/jpeg", &tomato()).status == 200);
}

#[test]
fn an_answer_has_its_time_however_steadily_it_is_taken() {
    let server = serve(&["--body-time", "1s"]);
    let mut client = server.connect();
    client.write_all(&request("POST", LARGE, &[], &tomato())).unwrap();
    let begun = Instant::now();
    let (mut taken, mut part) = (0, vec![0; 50_000]);
    // At this pace the whole answer would take twenty seconds.
    loop {
        match client.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => taken += count,
        }
        std::thread::sleep(Duration::from_millis(50));
        assert!(begun.elapsed() < Duration::from_secs(60), "it goes on");
    }
    assert!((1..20_000_000).contains(&taken), "{taken}");
}

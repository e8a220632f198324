//! The end by SIGTERM.

use std::io::Write;
use std::thread;

use crate::support::{Reply, Server, eventually, request, tomato};

#[test]
fn what_was_taken_is_finished_before_the_end() {
    let mut server = Server::start(&["--workers", "1"]);
    let whole = request("POST", "/", &[], &tomato());
    let mut clients: Vec<_> = (0..48).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.write_all(&whole).unwrap();
    }
    server.terminate();
    for client in &mut clients {
        assert_eq!(Reply::read(client).expect("an answer").status, 200);
    }
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
}

#[test]
fn a_body_that_is_on_its_way_is_waited_for() {
    let mut server = Server::start(&[]);
    let whole = request("POST", "/", &[], &tomato());
    let mut client = server.connect();
    client.write_all(&whole[..whole.len() / 2]).unwrap();
    eventually("the connection is taken", || server.metric("vision_connections ") >= 2.0);
    server.terminate();
    client.write_all(&whole[whole.len() / 2..]).unwrap();
    assert_eq!(Reply::read(&mut client).expect("an answer").status, 200);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn under_load_every_request_on_a_connection_is_answered() {
    let mut server = Server::start(&[]);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|_| {
                let mut stream = server.connect();
                scope.spawn(move || keep_asking(&mut stream))
            })
            .collect();
        eventually("all have been answered", || {
            server.metric(r#"vision_requests_total{route="/",status="200"} "#) > 32.0
        });
        server.terminate();
        for client in clients {
            assert!(client.join().unwrap() > 0);
        }
    });
    assert_eq!(server.wait().code(), Some(0));
}

/// Asks on one connection until the service says that it closes it; how often it was answered.
fn keep_asking(stream: &mut std::net::TcpStream) -> usize {
    use std::io::{BufRead, BufReader, Read};
    let picture = tomato();
    let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", picture.len());
    let request = [head.as_bytes(), &picture].concat();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    for count in 1.. {
        stream.write_all(&request).unwrap();
        let (mut length, mut is_last) = (0, false);
        loop {
            let mut line = String::new();
            assert_ne!(
                answers.read_line(&mut line).unwrap(),
                0,
                "closed without an answer to request {count}"
            );
            assert!(!line.starts_with("HTTP/1.1 ") || line.contains(" 200 "), "{line}");
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("connection", value)) => is_last = value == "close",
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        answers.read_exact(&mut vec![0; length]).unwrap();
        if is_last {
            return count;
        }
    }
    unreachable!("the numbers have no end")
}

#[test]
fn an_ending_service_says_that_it_is_not_ready() {
    let server = Server::start(&["--workers", "1"]);
    assert_eq!(server.get("/readyz").status, 200);
    server.terminate();
    // For half a second connections are still taken, so that a balancer can learn of the end.
    eventually("not ready", || match std::net::TcpStream::connect(server.address()) {
        Ok(_) => server.raw(b"GET /readyz HTTP/1.0\r\n\r\n").is_none_or(|reply| reply.status == 503),
        Err(_) => true,
    });
}

#[test]
fn the_history_is_complete_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let arguments = ["--history", path.to_str().unwrap()];
    let mut server = Server::start(&arguments);
    for _ in 0..5 {
        assert_eq!(server.recognize(&tomato()).status, 200);
    }
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
    let entries = Server::start(&arguments).get("/v1/history").json();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 5);
}

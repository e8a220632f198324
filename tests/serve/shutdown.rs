//! The end by SIGTERM.

use std::io::{BufRead as _, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Reply, request};
use crate::modules::ENDLESS_FOR_PHOTOS;
use crate::server::{Server, eventually, signal, tomato, vision};

/// Bounds of everything but the end that are far longer than a test takes.
const PATIENT: [&str; 6] = ["--time-limit", "10m", "--body-time", "10m", "--header-time", "10m"];

/// The exit code; all bounds but that of the end are minutes away.
fn exit_code_within_a_minute(server: &mut Server) -> Option<i32> {
    let begun = Instant::now();
    while !server.has_ended() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not end: {}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
    server.wait().code()
}

/// A client whose picture a worker never ends with.
fn busy(server: &Server) -> TcpStream {
    let mut client = server.connect();
    client.write_all(&request("POST", "/", &[], &tomato())).unwrap();
    eventually("a worker is busy", || server.metric("vision_instances_busy ") >= 1.0);
    client
}

#[test]
fn workers_that_never_end_are_waited_for_no_longer_than_was_said() {
    let arguments = [&PATIENT[..], &["--shutdown-time", "1s"]].concat();
    let mut server = Server::start_wat(ENDLESS_FOR_PHOTOS, &arguments);
    // With and without a client that waits for the answer.
    let _waits = busy(&server);
    drop(busy(&server));
    server.terminate();
    assert_eq!(exit_code_within_a_minute(&mut server), Some(0), "{}", server.log());
    eventually("it is told of", || server.log().contains("not finished in the time for the end"));
}

#[test]
fn clients_that_stall_are_waited_for_no_longer_than_was_said() {
    let arguments = [&PATIENT[..], &["--shutdown-time", "1s"]].concat();
    let mut server = Server::start(&arguments);
    let whole = request("POST", "/", &[], &tomato());
    let mut held = Vec::new();
    for sent in [8, 40, 4000] {
        let mut client = server.connect();
        client.write_all(&whole[..sent]).unwrap();
        held.push(client);
    }
    eventually("they are connected", || server.metric("vision_connections ") >= 4.0);
    server.terminate();
    assert_eq!(exit_code_within_a_minute(&mut server), Some(0), "{}", server.log());
}

#[test]
fn a_history_that_waits_is_waited_for_no_longer_than_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let mut server = Server::start(&["--history", path.to_str().unwrap(), "--shutdown-time", "1s"]);
    let hold = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        c.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\nsys.stdin.read()";
    let mut holder = Command::new("python3")
        .args(["-c", hold])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    for _ in 0..5 {
        assert_eq!(server.recognize(&tomato()).status, 200);
    }
    server.terminate();
    // Each of the five would wait five seconds for the database.
    assert_eq!(exit_code_within_a_minute(&mut server), Some(0), "{}", server.log());
    eventually("it is told of", || server.log().contains("not all"));
    drop(holder.stdin.take());
    holder.wait().unwrap();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let arguments = [&PATIENT[..], &["--shutdown-time", "10m"]].concat();
    let mut server = Server::start_wat(ENDLESS_FOR_PHOTOS, &arguments);
    let _waits = busy(&server);
    server.terminate();
    eventually("it is ending", || match TcpStream::connect(server.address()) {
        Ok(_) => server.raw(b"GET /readyz HTTP/1.0\r\n\r\n").is_none_or(|reply| reply.status == 503),
        Err(_) => true,
    });
    server.terminate();
    assert_eq!(exit_code_within_a_minute(&mut server), Some(1));
    eventually("it is told of", || server.log().contains("ended at once by a second signal"));
}

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
fn keep_asking(stream: &mut TcpStream) -> usize {
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
    eventually("not ready", || match TcpStream::connect(server.address()) {
        Ok(_) => server.raw(b"GET /readyz HTTP/1.0\r\n\r\n").is_none_or(|reply| reply.status == 503),
        Err(_) => true,
    });
}

#[test]
fn a_draining_service_answers_whoever_comes_and_keeps_no_connection() {
    let arguments = [&PATIENT[..], &["--drain-time", "10m", "--shutdown-time", "20m"]].concat();
    let mut server = Server::start(&arguments);
    let mut idle = server.connect();
    eventually("the idle connection is taken", || server.metric("vision_connections ") >= 2.0);
    server.terminate();
    eventually("not ready", || server.get("/readyz").status == 503);
    // Far longer than connections are taken without draining.
    thread::sleep(Duration::from_secs(2));
    for _ in 0..3 {
        let head =
            format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", tomato().len());
        let reply = server.raw(&[head.as_bytes(), &tomato()].concat()).expect("an answer");
        assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    }
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/readyz").status, 503);
    // A connection from before the signal gets its answer, too, and no second one.
    idle.write_all(b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert_eq!(Reply::read(&mut idle).expect("an answer").status, 200);
    assert!(!server.has_ended());
    server.terminate();
    assert_eq!(exit_code_within_a_minute(&mut server), Some(1));
    eventually("it is told of", || server.log().contains("ended at once by a second signal"));
}

#[test]
fn ctrl_c_ends_a_draining_service_at_once() {
    let arguments = [&PATIENT[..], &["--drain-time", "10m", "--shutdown-time", "20m"]].concat();
    let mut server = Server::start(&arguments);
    server.terminate();
    eventually("not ready", || server.get("/readyz").status == 503);
    signal("-INT", server.id());
    assert_eq!(exit_code_within_a_minute(&mut server), Some(1));
}

#[test]
fn a_drained_service_ends() {
    let mut server = Server::start(&["--drain-time", "3s"]);
    let begun = Instant::now();
    server.terminate();
    let mut answered = 0;
    while let Ok(mut client) = TcpStream::connect(server.address()) {
        // The last connection may be one that nobody takes any more.
        drop(client.write_all(b"GET /healthz HTTP/1.0\r\n\r\n"));
        answered += usize::from(Reply::read(&mut client).is_some());
        thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() >= Duration::from_secs(3) && answered > 0, "{answered} in {:?}", begun.elapsed());
    assert_eq!(exit_code_within_a_minute(&mut server), Some(0), "{}", server.log());
}

#[test]
fn draining_leaves_time_for_what_was_taken() {
    let output = vision().args(["serve", "--drain-time", "20s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("--drain-time is 20s, accepted is at most half of --shutdown-time, which is 30s"),
        "{told}"
    );
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

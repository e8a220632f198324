//! Bounds on sizes, times and numbers.

use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use support::function;

use crate::client::{Client, Reply, request};
use crate::server::{Server, children, eventually, signal, tomato, vision};

/// Runs until it is stopped.
const ENDLESS: &str = r#"(module (memory (export "memory") 1) (func (export "_start") (loop br 0)))"#;

/// A JPEG of `length` bytes: what follows the end of a picture is not looked at.
fn padded(length: usize) -> Vec<u8> {
    let mut picture = tomato();
    picture.resize(length, 0);
    picture
}

#[test]
fn a_body_of_the_limit_is_taken_and_a_byte_more_is_not() {
    let server = Server::start(&[]);
    assert_eq!(server.recognize(&padded(6 << 20)).status, 200);
    let reply = server.recognize(&padded((6 << 20) + 1));
    assert_eq!(reply.error(), (413, "too_large".to_owned()));
    assert!(reply.message().contains("6291457 bytes, accepted are up to 6291456"), "{}", reply.message());
    let smaller = Server::start(&["--body-limit", "1"]);
    assert_eq!(smaller.recognize(&padded(2 << 20)).status, 413);
}

#[test]
fn a_body_without_an_announced_length_is_held_to_the_limit() {
    let server = Server::start(&["--body-limit", "1"]);
    let mut bytes =
        b"POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..40 {
        bytes.extend_from_slice(b"10000\r\n");
        bytes.extend_from_slice(&[7; 0x10000]);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let mut stream = server.connect();
    stream.write_all(&bytes).unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().error(), (413, "too_large".to_owned()));
}

#[test]
fn a_module_that_takes_too_long_is_a_504() {
    let server = Server::start_wat(ENDLESS, &["--time-limit", "200ms", "--log-level", "off"]);
    assert_eq!(server.recognize(&tomato()).error(), (504, "timeout".to_owned()));
}

#[test]
fn beyond_the_queue_a_request_is_told_to_come_again() {
    let arguments = ["--workers", "1", "--queue-limit", "2", "--time-limit", "2s", "--log-level", "off"];
    let server = Server::start_wat(ENDLESS, &arguments);
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| server.recognize(&tomato()))).collect();
        eventually("one runs and two wait", || server.metric("vision_queue_length ") >= 2.0);
        let refused = server.recognize(&tomato());
        assert_eq!(refused.error(), (503, "overloaded".to_owned()));
        assert_eq!(refused.header("retry-after"), Some("1"));
        for reply in waiting {
            assert_eq!(reply.join().unwrap().error(), (504, "timeout".to_owned()));
        }
    });
    assert_eq!(server.metric("vision_queue_length "), 0.0);
}

#[test]
fn bodies_together_are_held_to_a_limit_as_well() {
    // A body of 3 MiB becomes an event of 4.
    let server = Server::start(&["--body-limit", "3", "--bodies-limit", "8", "--log-level", "off"]);
    let whole = request("POST", "/", &[], &padded(3 << 20));
    let mut first = server.connect();
    first.write_all(&whole[..whole.len() - 1]).unwrap();
    eventually("the first body is held", || server.metric("vision_bodies_bytes ") >= 3_000_000.0);
    assert_eq!(server.recognize(&padded(3 << 20)).error(), (503, "overloaded".to_owned()));
    first.write_all(&whole[whole.len() - 1..]).unwrap();
    assert_eq!(Reply::read(&mut first).unwrap().status, 200);
    assert_eq!(server.recognize(&padded(3 << 20)).status, 200);
}

#[test]
fn a_limit_for_all_bodies_below_that_for_one_leaves_room_for_one() {
    let server = Server::start(&["--bodies-limit", "1"]);
    assert_eq!(server.recognize(&padded(6 << 20)).status, 200);
}

#[test]
fn what_waits_for_a_worker_counts_as_what_it_became() {
    let arguments = [
        "--workers",
        "1",
        "--body-limit",
        "3",
        "--bodies-limit",
        "16",
        "--time-limit",
        "3s",
        "--log-level",
        "off",
    ];
    let server = Server::start_wat(ENDLESS, &arguments);
    thread::scope(|scope| {
        let clients: Vec<_> =
            (0..6).map(|_| scope.spawn(|| server.recognize(&vec![1; 3 << 20]).status)).collect();
        let statuses: Vec<u16> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        // Four events of 4 MiB are 16 MiB, and each was a body besides while it was made.
        assert!(statuses.iter().filter(|status| **status == 503).count() >= 3, "{statuses:?}");
        assert!(statuses.contains(&504), "{statuses:?}");
    });
    eventually("all is free again", || server.metric("vision_bodies_bytes ") == 0.0);
}

#[test]
fn a_body_that_comes_too_slowly_is_a_408() {
    let server = Server::start(&["--body-time", "300ms"]);
    let whole = request("POST", "/", &[], &tomato());
    let mut stream = server.connect();
    stream.write_all(&whole[..whole.len() / 2]).unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().error(), (408, "request_timeout".to_owned()));
}

#[test]
fn a_head_that_comes_too_slowly_ends_its_connection() {
    let server = Server::start(&["--header-time", "300ms"]);
    let mut stream = server.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: lo").unwrap();
    assert!(Reply::read(&mut stream).is_none_or(|reply| reply.status == 408));
    eventually("the connection is closed", || server.metric("vision_connections ") <= 1.0);
}

#[test]
fn heads_that_are_too_long_are_refused() {
    let server = Server::start(&[]);
    let long = "x".repeat(100_000);
    assert_eq!(server.raw(format!("GET /{long} HTTP/1.1\r\n\r\n").as_bytes()).unwrap().status, 431);
    let many: String = (0..500).map(|number| format!("x-{number}: 1\r\n")).collect();
    assert_eq!(server.raw(format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes()).unwrap().status, 431);
}

/// Asks on a connection that stays, and reads the answer.
fn ask_and_stay(client: &mut TcpStream) -> u16 {
    client.write_all(b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length =
        head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
    client.read_exact(&mut vec![0; length]).unwrap();
    head[9..12].parse().unwrap()
}

#[test]
fn idle_connections_make_room_for_more_than_the_limit_the_longest_idle_first() {
    let server = Server::start(&["--connection-limit", "2", "--header-time", "10m"]);
    let [mut first, mut second] = [server.connect(), server.connect()];
    assert_eq!(
        (ask_and_stay(&mut first), ask_and_stay(&mut second), ask_and_stay(&mut first)),
        (200, 200, 200)
    );
    // Who has just come or asked is not sent away.
    thread::sleep(Duration::from_millis(1200));
    let mut third = server.connect();
    assert_eq!(ask_and_stay(&mut third), 200);
    // The second has been idle for longest.
    assert_eq!(second.read(&mut [0]).unwrap(), 0);
    assert_eq!((ask_and_stay(&mut first), ask_and_stay(&mut third)), (200, 200));
}

#[test]
fn clients_that_send_nothing_or_a_little_now_and_then_keep_nobody_out() {
    let server = Server::start(&["--connection-limit", "4", "--header-time", "10m", "--body-time", "10m"]);
    let mut held: Vec<TcpStream> = (0..40).map(|_| server.connect()).collect();
    for (number, client) in held.iter_mut().enumerate() {
        // Those that were closed already can't be written to.
        drop(client.write_all(&b"POST / HTTP/1.1\r\nhost: localhost"[..number % 20]));
    }
    for _ in 0..3 {
        assert_eq!(server.recognize(&tomato()).status, 200);
    }
}

/// Our function behind HTTP, where the process may have `files` open.
fn server_with_files(files: u64, arguments: &[&str]) -> Server {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("ulimit -n {files} && exec \"$@\""), "bash"]).arg(vision().get_program());
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--workers", "1", "--wasm"])
        .arg(function())
        .args(arguments);
    Server::spawn(command)
}

/// Clients that begin to ask, slowly.
fn slow_clients(server: &Server, count: usize) -> Vec<TcpStream> {
    let mut clients: Vec<TcpStream> = (0..count).map(|_| server.connect()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        drop(client.write_all(&b"POST / HTTP/1.1\r\nhost: localhost"[..number % 20]));
    }
    clients
}

#[test]
fn connections_leave_the_files_that_the_service_needs_itself() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history");
    let server = server_with_files(80, &["--history", history.to_str().unwrap(), "--header-time", "10m"]);
    let log = server.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains("ulimit -n")).collect();
    assert_eq!(said.len(), 1, "{log}");
    assert!(said[0].contains("connections at the same time instead of 512"), "{log}");
    let _slow = slow_clients(&server, 100);
    for _ in 0..3 {
        assert_eq!(server.recognize(&tomato()).status, 200, "{}", server.log());
    }
    // A worker that dies is replaced, and what was recognised is kept.
    eventually("all are kept", || server.metric("vision_history_kept_total ") == 3.0);
    let nursery = children(server.id())[0];
    signal("-KILL", children(nursery)[0]);
    eventually("there is another worker", || server.metric("vision_workers_started_total ") >= 2.0);
    assert_eq!(server.recognize(&tomato()).status, 200, "{}", server.log());
    assert!(!server.log().contains("no more connections can be accepted"), "{}", server.log());
}

#[test]
fn too_few_files_for_a_service_end_its_start() {
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -n 48 && exec \"$@\"", "bash"]).arg(vision().get_program());
    command.args(["serve", "--listen", "127.0.0.1:0", "--workers", "1", "--wasm"]).arg(function());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("vision: a process may have 48 files open (ulimit -n), needed are "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    // Who asks for fewer connections needs fewer files.
    let server = server_with_files(54, &["--connection-limit", "2"]);
    assert_eq!(server.recognize(&tomato()).status, 200);
}

#[test]
fn a_limit_of_files_below_what_is_allowed_is_raised() {
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -S -n 32 && exec \"$@\"", "bash"]).arg(vision().get_program());
    command.args(["serve", "--listen", "127.0.0.1:0", "--wasm"]).arg(function());
    let server = Server::spawn(command);
    assert!(!server.log().contains("ulimit"), "{}", server.log());
    let _slow = slow_clients(&server, 100);
    assert_eq!(server.recognize(&tomato()).status, 200);
}

#[test]
fn where_the_system_gives_no_more_files_idle_connections_make_room() {
    let server = Server::start(&["--workers", "1", "--header-time", "10m"]);
    // As where the machine has none left: fewer than the service counted on.
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count() as u64;
    let process = rustix::process::Pid::from_raw(server.id().cast_signed());
    let limit = Some(open + 12);
    let files = rustix::process::Rlimit { current: limit, maximum: limit };
    rustix::process::prlimit(process, rustix::process::Resource::Nofile, files).unwrap();
    let _slow = slow_clients(&server, 40);
    let before = processor_time(server.id());
    for _ in 0..3 {
        assert_eq!(server.recognize(&tomato()).status, 200, "{}", server.log());
    }
    eventually("it was noticed", || server.log().contains("no more connections can be accepted"));
    assert!(server.log().matches("no more connections can be accepted").count() < 20, "{}", server.log());
    // Ticks of 10 ms: whoever tries without a pause uses them all.
    let used = processor_time(server.id()) - before;
    assert!(used < 1000, "{used}");
}

/// Ticks of the processor that a process has used (proc(5): utime and stime).
fn processor_time(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn where_all_are_busy_more_are_told_so_and_health_is_told_all_the_same() {
    let server = Server::start(&["--connection-limit", "2", "--body-time", "10m"]);
    let whole = request("POST", "/", &[("expect", "100-continue")], &tomato());
    let head = whole.len() - tomato().len();
    let mut busy = [server.connect(), server.connect()];
    for client in &mut busy {
        client.write_all(&whole[..head]).unwrap();
        let mut told = [0; 25];
        client.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    let refused = server.get("/v1/status");
    assert_eq!((refused.error(), refused.header("retry-after")), ((503, "overloaded".to_owned()), Some("1")));
    assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 200));
    for client in &mut busy {
        client.write_all(&whole[head..]).unwrap();
        assert_eq!(Reply::read(client).unwrap().status, 200);
    }
    assert_eq!(server.get("/v1/status").status, 200);
}

#[test]
fn a_load_of_many_clients_is_answered_or_told_to_come_again() {
    let server = Server::start(&["--queue-limit", "8"]);
    let statuses = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                for _ in 0..4 {
                    let status = server.recognize(&tomato()).status;
                    statuses.lock().unwrap().push(status);
                }
            });
        }
    });
    let statuses = statuses.into_inner().unwrap();
    assert_eq!(statuses.len(), 128);
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200));
}

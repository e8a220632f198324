//! Workers that die, hang or are killed: their event is answered with an error, and all others as usual.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::client::Client;
use crate::server::{Server, children, eventually, labels_of_run, signal, tomato};

fn nursery(server: &Server) -> u32 {
    let children = children(server.id());
    assert_eq!(children.len(), 1, "the front has one child");
    children[0]
}

fn workers(server: &Server) -> Vec<u32> {
    children(nursery(server))
}

/// Whether a thread of this process is neither stopped nor gone: one thread gets a signal, and until it runs, another one may
/// begin with an event.
fn runs(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok())
        .any(|stat| !stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 'Z', 'X'])))
}

#[test]
fn a_worker_that_is_killed_between_events_costs_nobody_an_event() {
    let server = Server::start(&["--workers", "1"]);
    let expected = labels_of_run(&tomato());
    for name in ["-KILL", "-SEGV", "-ABRT"] {
        let worker = workers(&server)[0];
        signal(name, worker);
        eventually("the signal arrived", || !runs(worker));
        assert_eq!(server.recognize(&tomato()).json(), expected, "{name}");
    }
    eventually("a worker is there again", || workers(&server).len() == 1);
}

#[test]
fn a_worker_that_is_stopped_between_events_is_replaced_and_the_event_answered() {
    let server = Server::start(&["--workers", "1", "--time-limit", "30s"]);
    let worker = workers(&server)[0];
    signal("-STOP", worker);
    eventually("the signal arrived", || !runs(worker));
    assert_eq!(server.recognize(&tomato()).json(), labels_of_run(&tomato()));
}

#[test]
fn every_request_gets_one_answer_while_workers_die_ten_times_a_second() {
    const REQUESTS: usize = 1_000;
    const CLIENTS: usize = 16;
    let server = Server::start(&["--workers", "2", "--queue-limit", "64", "--log-level", "off"]);
    let expected = labels_of_run(&tomato());
    let statuses = Mutex::new(BTreeMap::<u16, usize>::new());
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for name in ["-KILL", "-SEGV", "-STOP", "-KILL"].into_iter().cycle() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                if let Some(&worker) = workers(&server).last() {
                    signal(name, worker);
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..REQUESTS / CLIENTS {
                        let reply = server.recognize(&tomato());
                        match reply.status {
                            200 => assert_eq!(reply.json(), expected),
                            500 => assert_eq!(reply.error().1, "internal"),
                            // Its worker was stopped while it had the event.
                            504 => assert_eq!(reply.error().1, "timeout"),
                            status => panic!("{status}: {}", reply.text()),
                        }
                        let mut statuses = statuses.lock().unwrap_or_else(PoisonError::into_inner);
                        *statuses.entry(reply.status).or_default() += 1;
                    }
                })
            })
            .collect();
        clients.into_iter().for_each(|client| client.join().unwrap());
        is_over.store(true, Ordering::Relaxed);
    });
    let statuses = statuses.into_inner().unwrap();
    assert_eq!(statuses.values().sum::<usize>(), REQUESTS / CLIENTS * CLIENTS, "{statuses:?}");
    assert!(statuses[&200] > REQUESTS / 2, "{statuses:?}");
    eventually("two workers are there, and no more", || workers(&server).len() == 2);
    assert_eq!(server.recognize(&tomato()).json(), expected);
}

/// Takes more memory than a worker may have.
const GREEDY: &str = r#"(module (table 1 funcref) (memory (export "memory") 1) (func (export "_start")
    (loop $on (br_if $on (i32.ne (table.grow (ref.null func) (i32.const 1000000)) (i32.const -1))))))"#;

#[test]
fn a_module_that_kills_its_worker_each_time_is_answered_each_time() {
    let arguments = ["--workers", "1", "--memory-limit", "64", "--log-level", "off"];
    let server = Server::start_wat(GREEDY, &arguments);
    for _ in 0..20 {
        assert_eq!(server.recognize(&tomato()).error(), (500, "internal".to_owned()));
    }
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_front_that_dies_takes_its_workers_along() {
    let server = Server::start(&["--workers", "2"]);
    let nursery = nursery(&server);
    let all: Vec<u32> = children(nursery).into_iter().chain([nursery]).collect();
    signal("-KILL", server.id());
    eventually("all are gone", || {
        all.iter().all(|process| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        })
    });
}

#[test]
fn a_service_without_a_nursery_ends_so_that_it_is_started_again() {
    let mut server = Server::start(&["--workers", "1", "--log-level", "off"]);
    signal("-KILL", nursery(&server));
    assert_eq!(server.wait().code(), Some(1));
    eventually("it says why", || server.log().contains("the processes that start workers are gone"));
}

#[test]
fn a_worker_knows_neither_the_environment_nor_the_command_line() {
    let mut command = crate::server::vision();
    command.env("VISION_TEST_SECRET", "s3cr3t-value");
    command.args(["serve", "--listen", "127.0.0.1:0", "--cors-origin", "https://s3cr3t.example", "--wasm"]);
    command.arg(support::function());
    let server = Server::spawn(command);
    assert_eq!(server.recognize(&tomato()).status, 200);
    for process in workers(&server).into_iter().chain([nursery(&server)]) {
        for file in ["environ", "cmdline"] {
            // Only root may read them at all.
            let text = std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            assert!(!text.windows(6).any(|window| window == b"s3cr3t"), "{file}");
        }
    }
}

/// Fills the file `filled` of the first granted folder with 256 MiB.
const FILLS_A_FILE: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 17)
    (data (i32.const 0) "\00\00\01\00\00\00\10\00") (data (i32.const 64) "filled")
    (func (export "_start") (local $round i32)
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 6)
            (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
        (loop $on
            (drop (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 24)))
            (local.set $round (i32.add (local.get $round) (i32.const 1)))
            (br_if $on (i32.lt_u (local.get $round) (i32.const 256))))))"#;

#[test]
fn a_worker_beyond_the_memory_of_its_control_group_costs_its_own_event_and_is_replaced() {
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("this system has no files in memory: control groups are not tested");
        return;
    };
    let dir = format!("/granted:{}", memory.path().display());
    let options = ["--workers", "1", "--memory-limit", "64", "--dir", &dir, "--log-level", "vision=info"];
    let server = Server::start_wat(FILLS_A_FILE, &options);
    if !server.log().contains("each worker has a control group") {
        eprintln!("this system has no control groups to give, so they are not tested: {}", server.log());
        return;
    }
    // It was tried with a picture of its own already.
    for round in 2..=3 {
        assert_eq!(server.recognize(&tomato()).error(), (500, "internal".to_owned()));
        eventually("a worker is there again", || workers(&server).len() == 1);
        assert_eq!(server.metric("vision_workers_out_of_memory_total "), f64::from(round));
    }
    assert_eq!(server.metric("vision_workers_died_total "), 3.0);
    let log = server.log();
    assert!(log.contains("a worker was ended by its control group"), "{log}");
    assert!(log.contains("the event takes more than the 64 MiB of memory that a worker may have"), "{log}");
}

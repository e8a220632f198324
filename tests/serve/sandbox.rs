//! `--sandbox require`: the service works without files, programs and new sockets.

use support::can_confine;

use crate::client::Client;
use crate::server::{Server, eventually, labels_of_run, tomato};

#[test]
fn a_confined_service_answers_and_keeps_a_history_also_when_it_is_started_again() {
    if !can_confine(env!("CARGO_BIN_EXE_vision")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.sqlite").display().to_string();
    for count in 1..=2 {
        let server = Server::start(&["--sandbox", "require", "--history", &history]);
        assert_eq!(server.recognize(&tomato()).json(), labels_of_run(&tomato()));
        eventually("an entry more", || {
            server.get("/v1/history").json()["entries"]
                .as_array()
                .is_some_and(|entries| entries.len() == count)
        });
    }
}

#[test]
fn every_thread_of_a_confined_service_is_under_its_filters() {
    if !can_confine(env!("CARGO_BIN_EXE_vision")) {
        return;
    }
    let server = Server::start(&["--sandbox", "require"]);
    assert_eq!(server.recognize(&tomato()).status, 200);
    let threads = std::fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
    let mut count = 0;
    for thread in threads {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let has = |line: &str| status.lines().any(|found| found == line);
        assert!(has("Seccomp:\t2") && has("NoNewPrivs:\t1") && has("Seccomp_filters:\t3"), "{status}");
        count += 1;
    }
    assert!(count > 2, "{count} threads");
}

//! `--sandbox require`: the service works without files, programs and new sockets.

use crate::support::{Server, eventually, labels_of_run, tomato, vision};

/// Whether this kernel has all that is required; CI accepts no other.
fn kernel_can() -> bool {
    let output =
        vision().args(["run", "--sandbox", "require"]).stdin(std::process::Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let can = !said.contains("the sandbox needs ");
    assert!(can || std::env::var_os("CI").is_none(), "CI needs landlock: {said}");
    can
}

#[test]
fn a_confined_service_answers_and_keeps_a_history_also_when_it_is_started_again() {
    if !kernel_can() {
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
    if !kernel_can() {
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

//! `--history`, on SQLite and on PostgreSQL.

use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::postgres::Postgres;
use support::{file, read};

use crate::client::{Client, encode};
use crate::server::{Server, eventually, tomato, vision};

/// A place for a history.
enum Place {
    Folder(TempDir),
    Server(Postgres),
}

impl Place {
    fn argument(&self) -> String {
        match self {
            Self::Folder(folder) => folder.path().join("a history %3f.sqlite").display().to_string(),
            Self::Server(server) => server.url(),
        }
    }

    fn serve(&self, arguments: &[&str]) -> Server {
        Server::start(&[&["--history", &self.argument()], arguments].concat())
    }
}

fn sqlite() -> Place {
    Place::Folder(tempfile::tempdir().unwrap())
}

/// The same test on both databases; on PostgreSQL, where there is one.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name(&super::sqlite()); })*
        }
        mod on_postgresql {
            $(#[test] fn $name() {
                if let Some(server) = super::Postgres::start() {
                    super::$name(&super::Place::Server(server));
                }
            })*
        }
    };
}

on_both! {
    what_was_recognised_is_listed_newest_first
    every_form_of_a_picture_is_kept_as_the_picture_it_is
    pages_follow_each_other_without_gaps
    a_search_finds_labels_in_any_case_and_nothing_else
    entries_are_forgotten_one_by_one_or_all_at_once
    entries_outlive_the_service
    the_oldest_entries_beyond_the_limit_are_forgotten
}

fn keep(server: &Server, name: &str) {
    let before = server.metric("vision_history_kept_total ");
    assert_eq!(server.recognize(&read(name)).status, 200);
    eventually("it is kept", || server.metric("vision_history_kept_total ") > before);
}

fn entries(server: &Server, query: &str) -> Vec<Value> {
    let reply = server.get(&format!("/v1/history{query}"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["entries"].as_array().unwrap().clone()
}

fn first_labels(server: &Server, query: &str) -> Vec<String> {
    entries(server, query)
        .iter()
        .map(|entry| entry["predictions"][0]["label"].as_str().unwrap().to_owned())
        .collect()
}

fn what_was_recognised_is_listed_newest_first(place: &Place) {
    let server = place.serve(&[]);
    keep(&server, "tests/samples/tomato.jpg");
    keep(&server, "tests/samples/lemon.jpg");
    let found = entries(&server, "");
    assert_eq!(found.len(), 2);
    let answer = server.recognize(&tomato()).json();
    assert_eq!((&found[1]["predictions"], &found[1]["model"]), (&answer["predictions"], &answer["model"]));
    let digest: String = Sha256::digest(tomato()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found[1]["sha256"], digest);
    assert!(found[0]["time"].as_str().unwrap() >= found[1]["time"].as_str().unwrap());
    let small = server.get(found[1]["thumbnail"].as_str().unwrap());
    assert_eq!((small.status, small.header("content-type")), (200, Some("image/jpeg")));
    assert!(small.body.starts_with(&[0xFF, 0xD8]) && small.body.len() < 20_000, "{}", small.body.len());
}

fn every_form_of_a_picture_is_kept_as_the_picture_it_is(place: &Place) {
    let server = place.serve(&[]);
    let url = format!("data:image/jpeg;base64,{}", encode(tomato()));
    let (content_type, form) = crate::client::form(&tomato());
    assert_eq!(server.post("/", "text/plain", url.as_bytes()).status, 200);
    assert_eq!(
        server.post("/", "application/json", json!({"image": url}).to_string().as_bytes()).status,
        200
    );
    assert_eq!(server.post("/", content_type, &form).status, 200);
    assert_eq!(server.send("POST", "/", &[("accept", "text/plain")], &tomato()).status, 200);
    assert_eq!(server.post("/", "image/gif", b"GIF89a").status, 415);
    eventually("four are kept", || server.metric("vision_history_kept_total ") >= 4.0);
    let found = entries(&server, "");
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|entry| entry["sha256"] == found[0]["sha256"]));
    assert!(
        found.iter().all(|entry| entry["predictions"][0]["label"] == found[0]["predictions"][0]["label"])
    );
    assert!(found.iter().all(|entry| entry["model"] == found[0]["model"]));
}

fn pages_follow_each_other_without_gaps(place: &Place) {
    let server = place.serve(&[]);
    for _ in 0..5 {
        keep(&server, "tests/samples/lemon.jpg");
    }
    let all: Vec<Value> = entries(&server, "").iter().map(|entry| entry["id"].clone()).collect();
    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = server.get(&format!("/v1/history{query}")).json();
        paged.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&before={next}");
    }
    assert_eq!((all.len(), &paged), (5, &all));
    // Clients of earlier versions may have kept the name of an entry.
    let older = entries(&server, &format!("?before={}", all[2].as_str().unwrap()));
    assert_eq!(older.iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>(), all[3..]);
    for query in ["?limit=0", "?limit=101", "?limit=x", "?before=yesterday", "?before=", "?label=a%00b"] {
        assert_eq!(server.get(&format!("/v1/history{query}")).error().0, 400, "{query}");
    }
}

fn a_search_finds_labels_in_any_case_and_nothing_else(place: &Place) {
    let server = place.serve(&[]);
    keep(&server, "tests/samples/tomato.jpg");
    keep(&server, "tests/samples/lemon.jpg");
    assert_eq!(first_labels(&server, "?label=VINE").len(), 1);
    assert!(first_labels(&server, "?label=tomato")[0].contains("omato"));
    for search in ["zebra", "%25", "_", "!", "'", "vine%25", "%22%3B--"] {
        assert_eq!(first_labels(&server, &format!("?label={search}")), Vec::<String>::new(), "{search}");
    }
    assert_eq!(first_labels(&server, "?label=").len(), 2);
}

fn entries_are_forgotten_one_by_one_or_all_at_once(place: &Place) {
    let server = place.serve(&[]);
    for _ in 0..3 {
        keep(&server, "tests/samples/lemon.jpg");
    }
    let id = entries(&server, "")[1]["id"].as_str().unwrap().to_owned();
    let delete = |path: &str| server.send("DELETE", path, &[], b"");
    assert_eq!(delete(&format!("/v1/history/{id}")).status, 204);
    assert_eq!(delete(&format!("/v1/history/{id}")).error(), (404, "not_found".to_owned()));
    assert_eq!(server.get(&format!("/v1/history/{id}/thumbnail")).status, 404);
    assert_eq!(delete("/v1/history/nonsense").status, 404);
    assert_eq!(entries(&server, "").len(), 2);
    assert_eq!(delete("/v1/history").status, 204);
    assert_eq!(server.get("/v1/history").json(), json!({"entries": [], "next": null}));
}

fn entries_outlive_the_service(place: &Place) {
    let mut first = place.serve(&[]);
    keep(&first, "tests/samples/lemon.jpg");
    first.terminate();
    first.wait();
    let second = place.serve(&[]);
    keep(&second, "tests/samples/tomato.jpg");
    assert_eq!(entries(&second, "").len(), 2);
}

fn the_oldest_entries_beyond_the_limit_are_forgotten(place: &Place) {
    let first = place.serve(&[]);
    for _ in 0..6 {
        keep(&first, "tests/samples/lemon.jpg");
    }
    drop(first);
    let second = place.serve(&["--history-limit", "3"]);
    keep(&second, "tests/samples/tomato.jpg");
    eventually("the oldest are forgotten", || entries(&second, "").len() == 3);
    assert!(first_labels(&second, "")[0].contains("omato"));
}

#[test]
fn without_history_nothing_is_kept_and_the_address_says_so() {
    let server = Server::start(&[]);
    assert_eq!(server.recognize(&tomato()).status, 200);
    for (method, path) in
        [("GET", "/v1/history"), ("DELETE", "/v1/history"), ("GET", "/v1/history/x/thumbnail")]
    {
        let reply = server.send(method, path, &[], b"");
        assert_eq!(reply.error(), (404, "not_found".to_owned()));
        assert!(reply.message().contains("--history"), "{}", reply.message());
    }
}

#[test]
fn a_full_disk_fails_no_recognition() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("bash");
    // A limit for the size of files stands for the full disk; ignored, its signal becomes an error of the write.
    command
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "bash"])
        .arg(vision().get_program())
        .args(["serve", "--listen", "127.0.0.1:0", "--wasm"])
        .arg(file("dist/recognize.wasm"))
        .arg("--history")
        .arg(folder.path().join("history.sqlite"));
    let server = Server::spawn(command);
    // Files in memory have sizes, too: events are smaller than this.
    let limit = libc::rlimit { rlim_cur: 64 << 10, rlim_max: 64 << 10 };
    // SAFETY: a plain call; the limit lives until it returns.
    let set = unsafe {
        libc::prlimit(server.id() as i32, libc::RLIMIT_FSIZE, &raw const limit, std::ptr::null_mut())
    };
    assert_eq!(set, 0);
    eventually("the disk is full", || {
        assert_eq!(server.recognize(&tomato()).status, 200);
        server.metric("vision_history_failed_total ") > 0.0
    });
    assert_eq!(server.recognize(&tomato()).status, 200);
    assert!(server.log().contains("could not be kept"), "{}", server.log());
    assert_eq!(server.get("/v1/history").status, 200);
}

#[test]
fn a_database_that_goes_away_fails_no_recognition_and_is_used_again_when_it_is_back() {
    let Some(mut postgres) = Postgres::start() else { return };
    let url = postgres.url();
    postgres.stop();
    // Not there at the start either.
    let server = Server::start(&["--history", &url]);
    assert_eq!(server.recognize(&tomato()).status, 200);
    eventually("it is counted", || server.metric("vision_history_failed_total ") >= 1.0);
    assert_eq!(server.get("/v1/history").error(), (503, "overloaded".to_owned()));
    assert!(!server.log().contains(&url), "{}", server.log());
    postgres.start_again();
    eventually("it is kept again", || {
        assert_eq!(server.recognize(&tomato()).status, 200);
        server.metric("vision_history_kept_total ") >= 1.0
    });
    postgres.stop();
    assert_eq!(server.recognize(&tomato()).status, 200);
}

#[test]
fn many_instances_share_one_database() {
    let Some(postgres) = Postgres::start() else { return };
    let place = Place::Server(postgres);
    let (first, second) = (place.serve(&[]), place.serve(&[]));
    keep(&first, "tests/samples/lemon.jpg");
    keep(&second, "tests/samples/tomato.jpg");
    assert_eq!(entries(&first, ""), entries(&second, ""));
    assert_eq!(entries(&first, "").len(), 2);
}

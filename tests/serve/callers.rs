//! Whom the service answers: its own names, and changes only from its own pages.

use serde_json::json;

use support::file;

use crate::client::Client;
use crate::in_process::InProcess;
use crate::server::{Server, eventually, tomato, vision};

fn history() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--history", folder.path().join("h.sqlite").to_str().unwrap()]);
    (folder, server)
}

/// An answer under the name `host`.
fn under(server: &Server, method: &str, path: &str, host: &str) -> (u16, String) {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let reply = server.raw(request.as_bytes()).unwrap();
    (reply.status, reply.text())
}

#[test]
fn a_name_that_only_leads_here_gets_nothing() {
    let (_folder, server) = history();
    for (method, path) in
        [("GET", "/"), ("GET", "/v1/history"), ("DELETE", "/v1/history"), ("POST", "/v1/recognize")]
    {
        let (status, text) = under(&server, method, path, "rebound.example:9000");
        assert_eq!(status, 403, "{method} {path}");
        assert!(text.contains("\"forbidden\"") && text.contains("--host"), "{text}");
    }
    assert_eq!(under(&server, "GET", "/v1/history", server.address()).0, 200);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(under(&server, "GET", path, "balancer.example").0, 200);
        assert_eq!(server.raw(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap().status, 200);
    }
}

#[test]
fn names_can_be_given_by_the_variable_too() {
    let mut command = vision();
    command.env("VISION_HOST", "pictures.example,other.example").args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--wasm",
    ]);
    command.arg(file("dist/recognize.wasm"));
    let server = Server::spawn(command);
    for (host, expected) in [("Pictures.example:443", 200), ("other.example", 200), ("third.example", 403)] {
        assert_eq!(under(&server, "GET", "/", host).0, expected, "{host}");
    }
}

#[test]
fn a_request_without_a_host_or_with_two_is_refused() {
    let (_folder, server) = history();
    for head in ["GET / HTTP/1.1", "GET / HTTP/1.0", "GET / HTTP/1.1\r\nhost: localhost\r\nhost: localhost"] {
        let reply = server.raw(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(reply.error(), (400, "bad_request".to_owned()), "{head}");
    }
}

#[test]
fn a_page_of_another_origin_neither_fills_nor_reads_nor_empties_the_history() {
    let (_folder, server) = history();
    assert_eq!(server.recognize(&tomato()).status, 200);
    eventually("it is kept", || server.metric("vision_history_kept_total ") >= 1.0);
    for foreign in
        [("origin", "https://elsewhere.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        for (method, path) in
            [("POST", "/"), ("POST", "/v1/recognize"), ("POST", "/v1/uploads"), ("DELETE", "/v1/history")]
        {
            let reply = server.send(method, path, &[foreign], &tomato());
            assert_eq!(reply.error(), (403, "forbidden".to_owned()), "{method} {path} {foreign:?}");
            assert!(reply.message().contains("--cors-origin"), "{}", reply.message());
        }
        let read = server.send("GET", "/v1/history", &[foreign], b"");
        assert_eq!(read.header("access-control-allow-origin"), None);
    }
    assert_eq!(server.get("/v1/history").json()["entries"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/history").json()["next"], json!(null));
    let own = format!("http://{}", server.address());
    let request = format!(
        "DELETE /v1/history HTTP/1.1\r\nhost: {}\r\norigin: {own}\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n\r\n",
        server.address()
    );
    assert_eq!(server.raw(request.as_bytes()).unwrap().status, 204);
}

#[test]
fn a_page_at_https_may_change_something_only_through_a_proxy_under_a_name_that_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("h.sqlite");
    let server = Server::start(&["--history", history.to_str().unwrap(), "--host", "pictures.example"]);
    let delete = |host: &str, origin: &str| {
        let head = format!("DELETE /v1/history HTTP/1.1\r\nhost: {host}\r\norigin: {origin}");
        server.raw(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).unwrap()
    };
    // Another program of this machine, on the port of TLS.
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(delete(host, &format!("http://{host}")).status, 204);
        let refused = delete(host, &format!("https://{host}"));
        assert_eq!(refused.error(), (403, "forbidden".to_owned()));
        assert!(refused.message().contains("--host NAME"), "{}", refused.message());
    }
    // What a proxy with TLS passes on.
    assert_eq!(delete("pictures.example", "https://pictures.example").status, 204);
    assert_eq!(delete("pictures.example:8443", "https://pictures.example:8443").status, 204);
    assert_eq!(delete("pictures.example", "https://other.example").status, 403);
}

#[test]
fn a_page_of_an_origin_that_was_named_may() {
    let server = InProcess::start(&["--cors-origin", "https://shop.example"]);
    let headers = [("origin", "https://shop.example"), ("sec-fetch-site", "cross-site")];
    let reply = server.send("POST", "/v1/recognize", &headers, &tomato());
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://shop.example"));
}

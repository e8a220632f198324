//! Health, metrics and the description of the interface.

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::in_process::InProcess;
use crate::modules::RESTS_WITH_PHOTOS;
use crate::server::{Server, children, eventually, signal, tomato, vision};

#[test]
fn a_running_service_is_alive_and_ready() {
    let server = Server::start(&[]);
    assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 200));
}

#[test]
fn workers_are_counted_and_replaced() {
    let server = Server::start(&["--workers", "2", "--log-level", "off"]);
    let counts = || {
        ["started_total", "died_total", "killed_total", "alive"]
            .map(|name| server.metric(&format!("vision_workers_{name} ")))
    };
    assert_eq!(counts(), [2.0, 0.0, 0.0, 2.0]);
    let [nursery] = children(server.id())[..] else { panic!("{:?}", children(server.id())) };
    signal("-KILL", children(nursery)[0]);
    eventually("another one was started", || counts() == [3.0, 1.0, 0.0, 2.0]);
    assert_eq!((server.get("/readyz").status, server.recognize(&tomato()).status), (200, 200));
}

#[test]
fn workers_that_are_killed_after_their_time_are_counted() {
    // Stopped, a worker can't tell by itself that its time is over.
    let server =
        Server::start_wat(RESTS_WITH_PHOTOS, &["--workers", "1", "--time-limit", "1s", "--log-level", "off"]);
    let [nursery] = children(server.id())[..] else { panic!("{:?}", children(server.id())) };
    let [worker] = children(nursery)[..] else { panic!("{:?}", children(nursery)) };
    let reply = std::thread::scope(|scope| {
        let reply = scope.spawn(|| server.recognize(&tomato()));
        eventually("it is busy", || server.metric("vision_instances_busy ") >= 1.0);
        std::thread::sleep(std::time::Duration::from_millis(200));
        signal("-STOP", worker);
        reply.join().unwrap()
    });
    assert_eq!(reply.error(), (504, "timeout".to_owned()));
    eventually("it is counted", || server.metric("vision_workers_killed_total ") == 1.0);
    eventually("there is another one", || server.get("/readyz").status == 200);
}

#[test]
fn without_any_worker_the_service_is_alive_and_not_ready() {
    let server = Server::start(&["--log-level", "off"]);
    let [nursery] = children(server.id())[..] else { panic!("{:?}", children(server.id())) };
    // Stopped, it starts no others.
    signal("-STOP", nursery);
    children(nursery).into_iter().for_each(|worker| signal("-KILL", worker));
    eventually("it is not ready", || server.get("/readyz").status == 503);
    assert_eq!(server.get("/readyz").text(), "no worker is alive\n");
    assert_eq!(server.metric("vision_workers_alive "), 0.0);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn the_status_names_the_model_and_whether_there_is_a_history() {
    let status = InProcess::start(&[]).get("/v1/status").json();
    let model = std::env::var("MODEL").unwrap_or_else(|_| "groceries".to_owned());
    assert_eq!(
        status,
        json!({"model": model, "version": env!("CARGO_PKG_VERSION"), "history": false, "uploads": false})
    );
}

#[test]
fn metrics_count_answers_and_the_time_of_each_stage() {
    let server = Server::start(&["--workers", "2"]);
    server.recognize(&tomato());
    server.post("/v1/recognize", "image/gif", b"GIF89a");
    let text = server.get("/metrics").text();
    for line in [
        r#"vision_requests_total{route="/v1/recognize",status="200"} 1"#,
        r#"vision_requests_total{route="/v1/recognize",status="415"} 1"#,
        r#"vision_stage_seconds_count{function="recognize",stage="inference"} 2"#,
        r#"vision_stage_seconds_count{function="recognize",stage="queue"} 2"#,
        r#"vision_queue_length{function="recognize"} 0"#,
        r#"vision_instances{function="recognize"} 2"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
    }
    assert!(server.metric("process_resident_memory_bytes ") > 1e6);
}

#[test]
fn every_request_is_logged_without_its_picture() {
    let server = Server::start(&["--log-level", "info", "--log-format", "json"]);
    let reply = server.recognize(&tomato());
    let id = reply.header("x-request-id").unwrap();
    eventually("a log line", || server.log().contains(id));
    let log = server.log();
    let line = log.lines().find(|line| line.contains(id)).unwrap();
    let entry: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&entry["status"], &entry["route"]), (&json!(200), &json!("/v1/recognize")));
    assert!(line.len() < 500, "{line}");
}

/// The interface as the service describes it.
struct Interface(Value);

impl Interface {
    fn of(server: &impl Client) -> Self {
        Self(server.get("/openapi.json").json())
    }

    /// The answer's status is described, and its body is as described.
    fn assert_describes(&self, method: &str, path: &str, reply: &Reply) {
        let responses = &self.0["paths"][path][method]["responses"];
        let response = &responses[reply.status.to_string()];
        assert!(response.is_object(), "{method} {path} {} is not described: {responses}", reply.status);
        let media_type = reply.header("content-type").map(|media_type| media_type.split(';').next().unwrap());
        let Some(media_type) = media_type else {
            assert!(response["content"].is_null() && reply.body.is_empty());
            return;
        };
        let mut schema = response["content"][media_type]["schema"].clone();
        assert!(schema.is_object(), "{method} {path}: {media_type} is not described");
        if media_type != "application/json" {
            return;
        }
        schema["components"] = self.0["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let body = reply.json();
        let errors: Vec<String> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{method} {path} {}: {errors:?} in {body}", reply.status);
        // A schema that allows everything would not notice this.
        assert!(!validator.is_valid(&json!("something else")), "{method} {path}: the schema says nothing");
    }
}

#[test]
fn real_answers_are_as_the_interface_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let server = InProcess::start(&["--history", folder.path().join("h.sqlite").to_str().unwrap()]);
    let interface = Interface::of(&server);
    let text = server.send("POST", "/v1/recognize", &[("accept", "text/plain")], &tomato());
    for reply in [
        server.recognize(&tomato()),
        text,
        server.post("/v1/recognize?top=0", "image/jpeg", &tomato()),
        server.post("/v1/recognize", "image/jpeg", &vec![0; 7 << 20]),
        server.post("/v1/recognize", "image/gif", b"GIF89a"),
        server.post("/v1/recognize", "image/jpeg", b"\xFF\xD8\xFF\xE0"),
    ] {
        interface.assert_describes("post", "/v1/recognize", &reply);
    }
    interface.assert_describes("get", "/v1/status", &server.get("/v1/status"));
    interface.assert_describes("get", "/v1/functions", &server.get("/v1/functions"));
    eventually("both are kept", || server.metric("vision_history_kept_total ") >= 2.0);
    let list = server.get("/v1/history?limit=1");
    interface.assert_describes("get", "/v1/history", &list);
    interface.assert_describes("get", "/v1/history", &server.get("/v1/history"));
    interface.assert_describes("get", "/v1/history", &server.get("/v1/history?limit=0"));
    let id = list.json()["entries"][0]["id"].as_str().unwrap().to_owned();
    let (entry, small) = ("/v1/history/{id}", "/v1/history/{id}/thumbnail");
    interface.assert_describes("get", small, &server.get(&small.replace("{id}", &id)));
    let delete = |path: &str| server.send("DELETE", path, &[], b"");
    for expected in [204, 404] {
        let reply = delete(&entry.replace("{id}", &id));
        assert_eq!(reply.status, expected);
        interface.assert_describes("delete", entry, &reply);
    }
    interface.assert_describes("get", small, &server.get(&small.replace("{id}", &id)));
    interface.assert_describes("delete", "/v1/history", &delete("/v1/history"));
    let new = server.post("/v1/uploads", "application/json", br#"{"content_type": "image/jpeg", "size": 1}"#);
    assert_eq!(new.error(), (404, "not_found".to_owned()));
    interface.assert_describes("post", "/v1/uploads", &new);
    interface.assert_describes("get", "/v1/uploads/{id}", &server.get("/v1/uploads/x"));
}

fn health(address: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = vision().args(["health", "--listen", address]).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_container_without_a_shell_can_ask_how_the_service_does() {
    let server = Server::start(&[]);
    let at_all_addresses = server.address().replace("127.0.0.1", "0.0.0.0");
    for address in [server.address(), &at_all_addresses] {
        for arguments in [&[][..], &["--ready"]] {
            assert_eq!(health(address, arguments), (Some(0), String::new()));
        }
    }
    // Whoever accepts and says something else, or nothing, is no such service.
    for said in [&b"SSH-2.0-x\r\n"[..], b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"", &[b'x'; 100_000]] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let other = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            drop(std::io::Write::write_all(&mut client, said));
        });
        let (code, message) = health(&address, &[]);
        other.join().unwrap();
        assert_eq!(code, Some(1), "{message}");
        assert!(
            message.starts_with(&format!("vision: http://{address}/healthz answers "))
                || said.len() > 64
                || message.contains("nothing answers"),
            "{message}"
        );
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, message) = health(&silent.local_addr().unwrap().to_string(), &["--timeout", "100ms"]);
    assert!(code == Some(1) && message.starts_with("vision: nothing answers at http://"), "{message}");
}

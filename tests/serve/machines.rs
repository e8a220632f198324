//! Health, metrics and the description of the interface.

use serde_json::{Value, json};

use crate::support::{Reply, Server, eventually, tomato};

#[test]
fn a_running_service_is_alive_and_ready() {
    let server = Server::start(&[]);
    assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 200));
}

#[test]
fn the_status_names_the_model_and_whether_there_is_a_history() {
    let status = Server::start(&[]).get("/v1/status").json();
    let model = std::env::var("MODEL").unwrap_or_else(|_| "groceries".to_owned());
    assert_eq!(status, json!({"model": model, "version": env!("CARGO_PKG_VERSION"), "history": false}));
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
        r#"vision_stage_seconds_count{stage="inference"} 2"#,
        r#"vision_stage_seconds_count{stage="queue"} 2"#,
        "vision_queue_length 0",
        "vision_instances 2",
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
    fn of(server: &Server) -> Self {
        Self(server.get("/openapi.json").json())
    }

    /// The answer's status is described, and its body is as described.
    fn assert_describes(&self, method: &str, path: &str, reply: &Reply) {
        let responses = &self.0["paths"][path][method]["responses"];
        let response = &responses[reply.status.to_string()];
        assert!(response.is_object(), "{method} {path} {} is not described: {responses}", reply.status);
        let kind = reply.header("content-type").map(|kind| kind.split(';').next().unwrap());
        let Some(kind) = kind else {
            assert!(response["content"].is_null() && reply.body.is_empty());
            return;
        };
        let mut schema = response["content"][kind]["schema"].clone();
        assert!(schema.is_object(), "{method} {path}: {kind} is not described");
        if kind != "application/json" {
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
    let server = Server::start(&["--history", folder.path().join("h.sqlite").to_str().unwrap()]);
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
}

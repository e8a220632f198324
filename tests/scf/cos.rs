//! Pictures put into a bucket: their labels are written beside them, whatever the bucket does.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use support::read;
use support::scf::{Endpoint, Event, Outcome};

use crate::cos_server::{CosServer, notification};
use crate::events::{LEMON, failure};
use crate::program::answer_at_the_prompt;
use crate::session::Session;

/// What is told about each record of an event that was dealt with.
fn records(outcome: &Outcome) -> Vec<Value> {
    assert_eq!(outcome.endpoint, Endpoint::Response, "{outcome:?}");
    let answer: Value = serde_json::from_str(&outcome.body).unwrap();
    answer["records"].as_array().unwrap().clone()
}

fn outcomes(outcome: &Outcome) -> Vec<String> {
    records(outcome).iter().map(|record| record["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_picture_of_an_event_gets_its_labels_beside_it() {
    let storage = CosServer::start("several-1250000000");
    storage.put("in/lemon.jpg", &read(LEMON));
    storage.put("in/tomato.jpg", &read("tests/samples/tomato.jpg"));
    let session = Session::packaged_with(&storage.environment());
    let event = storage.created(&["in/lemon.jpg", "in/tomato.jpg"]);
    let told = records(&session.answer(Event::new(event)));
    assert_eq!(
        told[0],
        json!({
            "key": "/1250000000/several/in/lemon.jpg",
            "outcome": "labelled",
            "output": "several-1250000000/in/lemon.jpg.labels.json"
        })
    );
    let lemon = storage.json("in/lemon.jpg.labels.json");
    assert_eq!((&lemon["bucket"], &lemon["key"]), (&json!("several-1250000000"), &json!("in/lemon.jpg")));
    let bare = json!({"body": BASE64_STANDARD.encode(read(LEMON))}).to_string();
    let lines = answer_at_the_prompt(bare.as_bytes());
    assert_eq!(lemon["labels"], json!(lines.lines().collect::<Vec<_>>()));
    let tomato = storage.json("in/tomato.jpg.labels.json");
    assert!(tomato["labels"][0].as_str().unwrap().contains("omato: "), "{tomato}");
    session.finish();
}

#[test]
fn keys_may_have_any_letters() {
    let storage = CosServer::start("letters-1250000000");
    let session = Session::built(&storage.environment());
    for key in ["入/番 茄.jpg", "a+b &c=d?e#f%41.jpg", "ä'(ö)*!~,;:@$.jpg"] {
        storage.put(key, &read(LEMON));
        assert_eq!(outcomes(&session.answer(Event::new(storage.created(&[key])))), ["labelled"], "{key}");
        assert_eq!(storage.json(&format!("{key}.labels.json"))["key"], key);
    }
    session.finish();
}

#[test]
fn a_key_that_comes_percent_encoded_is_found_as_well() {
    let storage = CosServer::start("encoded-1250000000");
    storage.put("in/番茄.jpg", &read(LEMON));
    let session = Session::built(&storage.environment());
    let outcome = session.answer(Event::new(storage.created(&["in/%E7%95%AA%E8%8C%84.jpg"])));
    assert_eq!(outcomes(&outcome), ["labelled"]);
    assert_eq!(storage.json("in/番茄.jpg.labels.json")["key"], "in/番茄.jpg");
    session.finish();
}

#[test]
fn the_same_event_twice_writes_the_same_bytes() {
    let storage = CosServer::start("twice-1250000000");
    storage.put("lemon.jpg", &read(LEMON));
    let session = Session::built(&storage.environment());
    let mut written = Vec::new();
    for _ in 0..2 {
        assert_eq!(outcomes(&session.answer(Event::new(storage.created(&["lemon.jpg"])))), ["labelled"]);
        written.push(storage.get("lemon.jpg.labels.json").unwrap());
    }
    assert_eq!(written[0], written[1]);
    session.finish();
}

#[test]
fn the_functions_own_output_does_not_start_it_again() {
    let storage = CosServer::start("loop-1250000000");
    storage.put("lemon.jpg.labels.json", b"{}");
    let session = Session::built(&storage.environment());
    let outcome = session.answer(Event::new(storage.created(&["lemon.jpg.labels.json"])));
    assert_eq!(outcomes(&outcome), ["own_output"]);
    assert_eq!(storage.get("lemon.jpg.labels.json.labels.json"), None);
    session.finish();
}

#[test]
fn an_object_that_is_gone_is_no_failure() {
    let storage = CosServer::start("gone-1250000000");
    let session = Session::built(&storage.environment());
    assert_eq!(outcomes(&session.answer(Event::new(storage.created(&["deleted.jpg"])))), ["gone"]);
    assert_eq!(storage.get("deleted.jpg.labels.json"), None);
    session.finish();
}

#[test]
fn events_about_other_things_than_new_objects_are_left_alone() {
    let storage = CosServer::start("removed-1250000000");
    storage.put("lemon.jpg", &read(LEMON));
    let session = Session::built(&storage.environment());
    let event = storage.created(&["lemon.jpg"]).replace("cos:ObjectCreated:Put", "cos:ObjectRemove:Delete");
    assert_eq!(outcomes(&session.answer(Event::new(event))), ["not_a_creation"]);
    assert_eq!(storage.get("lemon.jpg.labels.json"), None);
    session.finish();
}

#[test]
fn a_folder_is_left_alone() {
    let storage = CosServer::start("folder-1250000000");
    storage.put("photos/", b"");
    let session = Session::built(&storage.environment());
    assert_eq!(outcomes(&session.answer(Event::new(storage.created(&["photos/"])))), ["folder"]);
    assert_eq!(storage.get("photos/.labels.json"), None);
    session.finish();
}

#[test]
fn what_is_no_picture_gets_a_file_that_says_why() {
    let storage = CosServer::start("notes-1250000000");
    storage.put("notes.jpg", b"GIF89a\x01\0\x01\0 not one we know");
    storage.put("empty.jpg", b"");
    let session = Session::built(&storage.environment());
    let outcome = session.answer(Event::new(storage.created(&["notes.jpg", "empty.jpg"])));
    assert_eq!(outcomes(&outcome), ["refused", "refused"]);
    let written = storage.json("notes.jpg.labels.json");
    assert!(written["error"].as_str().unwrap().contains("GIF"), "{written}");
    assert!(storage.json("empty.jpg.labels.json")["error"].is_string());
    session.finish();
}

#[test]
fn an_object_over_the_limit_is_not_fetched_and_gets_a_file_that_says_so() {
    let storage = CosServer::start("large-1250000000");
    storage.put("large.jpg", &vec![0xff; 5 << 20]);
    let session = Session::built(&storage.environment());
    assert_eq!(outcomes(&session.answer(Event::new(storage.created(&["large.jpg"])))), ["too_large"]);
    let error = &storage.json("large.jpg.labels.json")["error"];
    assert_eq!(error, "the object has 5242880 bytes, accepted are up to 4718580");
    session.finish();
}

#[test]
fn a_bucket_that_refuses_fails_the_event_and_names_the_remedy() {
    let storage = CosServer::start("refused-1250000000");
    storage.put("forbidden.jpg", &read(LEMON));
    storage.put("lemon.jpg", &read(LEMON));
    let session = Session::built(&storage.environment());
    let (code, message) =
        failure(&session.answer(Event::new(storage.created(&["forbidden.jpg", "lemon.jpg"]))));
    assert_eq!(code, "internal");
    assert!(
        message.contains("the storage refused to read refused-1250000000/forbidden.jpg (403)"),
        "{message}"
    );
    assert!(message.contains("run role"), "{message}");
    assert!(storage.get("lemon.jpg.labels.json").is_some(), "the other record has its labels");
    session.finish();
}

#[test]
fn without_a_run_role_the_event_fails_and_names_the_remedy() {
    let session = Session::built(&[]);
    let (code, message) = failure(&session.answer(Event::new(notification("b", "1250000000", &["x.jpg"]))));
    assert_eq!(code, "internal");
    assert!(message.contains("TENCENTCLOUD_SECRETID is not set): give it a run role"), "{message}");
    session.finish();
}

#[test]
fn a_busy_storage_is_asked_again_twice_and_then_the_event_fails() {
    let storage = CosServer::start("overloaded-1250000000");
    let session = Session::built(&storage.environment());
    for key in ["busy-2.jpg", "busy-3.jpg"] {
        storage.put(key, &read(LEMON));
    }
    assert_eq!(outcomes(&session.answer(Event::new(storage.created(&["busy-2.jpg"])))), ["labelled"]);
    let (_, message) = failure(&session.answer(Event::new(storage.created(&["busy-3.jpg"]))));
    assert!(message.contains("the storage answered 503 when asked to read"), "{message}");
    session.finish();
}

#[test]
fn a_storage_that_cannot_be_reached_fails_the_event_within_its_time() {
    let storage = CosServer::start("silent-1250000000");
    let mut environment = storage.environment();
    // Accepts connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/{{bucket}}", silent.local_addr().unwrap());
    environment.push(("VISION_COS_ENDPOINT", &endpoint));
    environment.push(("VISION_TIME_MARGIN", "1s"));
    let session = Session::built(&environment);
    let event = Event::new(storage.created(&["lemon.jpg"])).time_limit(Duration::from_secs(3));
    let (code, message) = failure(&session.answer(event));
    assert_eq!(code, "timeout");
    assert!(
        message.contains("no answer from the storage when asked to read silent-1250000000/lemon.jpg"),
        "{message}"
    );
    session.finish();
}

#[test]
fn labels_may_go_to_another_bucket_under_a_prefix() {
    let storage = CosServer::start("pictures-1250000000");
    let labels = CosServer::start("labels-1250000000");
    storage.put("in/lemon.jpg", &read(LEMON));
    let mut environment = storage.environment();
    environment.push(("VISION_COS_OUTPUT_BUCKET", "labels-1250000000"));
    environment.push(("VISION_COS_OUTPUT_PREFIX", "by-vision/"));
    let session = Session::built(&environment);
    let told = records(&session.answer(Event::new(storage.created(&["in/lemon.jpg"]))));
    assert_eq!(told[0]["output"], "labels-1250000000/by-vision/in/lemon.jpg.labels.json");
    assert_eq!(labels.json("by-vision/in/lemon.jpg.labels.json")["bucket"], "pictures-1250000000");
    assert_eq!(storage.get("in/lemon.jpg.labels.json"), None);
    session.finish();
}

//! Uploads into a bucket of COS, past the function; labels as tags and in the history.

use std::time::Duration;

use serde_json::{Value, json};
use support::read;
use support::scf::Event;

use crate::cos_server::CosServer;
use crate::events::http_answer;
use crate::session::Session;

const TOMATO: &str = "tests/samples/tomato.jpg";

/// A web request about uploads, as a function URL sends it.
fn request(session: &Session, method: &str, path: &str, body: &Value) -> (u64, Value) {
    let event = json!({"httpMethod": method, "path": path, "headers": {}, "body": body.to_string()});
    http_answer(&session.answer(Event::new(event.to_string())))
}

/// Puts a picture where a ticket says, with these headers changed; the status.
fn put(ticket: &Value, body: &[u8], changed: &[(&str, &str)]) -> u16 {
    assert_eq!(ticket["method"], "PUT");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        let mut request = client.put(ticket["url"].as_str().unwrap()).body(body.to_vec());
        for (name, value) in ticket["headers"].as_object().unwrap() {
            let other = changed.iter().find(|(changed, _)| changed == name).map(|(_, value)| *value);
            request = request.header(name, other.unwrap_or(value.as_str().unwrap()));
        }
        request.send().await.unwrap().status().as_u16()
    })
}

#[test]
fn a_picture_is_put_past_the_function_and_its_answer_asked_for() {
    let storage = CosServer::start("uploads-1250000000");
    let mut environment = storage.environment();
    environment.push(("VISION_UPLOAD_BUCKET", "uploads-1250000000"));
    let session = Session::built(&environment);
    let photo = read(TOMATO);
    let asked = json!({"content_type": "image/jpeg", "size": photo.len(), "lang": "zh"});
    let (status, ticket) = request(&session, "POST", "/release/v1/uploads", &asked);
    assert_eq!((status, ticket["expires_in"].as_u64()), (201, Some(300)), "{ticket}");
    let result = ticket["result"].as_str().unwrap();
    assert!(result.starts_with("/release/v1/uploads/") && result.ends_with(".jpg"), "{result}");
    for (body, changed) in [
        (&photo[1..], ("x", "")),
        (&photo[..], ("content-type", "text/html")),
        (&photo[..], ("x-cos-meta-vision-lang", "en")),
    ] {
        assert_eq!(put(&ticket, body, &[changed]), 403, "{changed:?}");
    }
    assert_eq!(request(&session, "GET", result, &Value::Null).0, 202);
    assert_eq!(put(&ticket, &photo, &[]), 200);
    assert_eq!(
        request(&session, "GET", result, &Value::Null),
        (202, json!({"id": ticket["id"], "status": "pending"}))
    );
    let outcome = session.answer(Event::new(storage.created(&[ticket["key"].as_str().unwrap()])));
    assert!(outcome.body.contains(r#""outcome":"labelled""#), "{outcome:?}");
    let (status, answer) = request(&session, "GET", result, &Value::Null);
    assert_eq!((status, &answer["status"], &answer["model"]), (200, &json!("done"), &json!("groceries")));
    assert!(answer["predictions"][0]["label"].as_str().unwrap().contains("番茄"), "{answer}");
    session.finish();
}

#[test]
fn a_photo_larger_than_an_event_is_labelled_where_uploads_are_on() {
    let storage = CosServer::start("largest-1250000000");
    let mut environment = storage.environment();
    environment.push(("VISION_UPLOAD_BUCKET", "largest-1250000000"));
    let session = Session::built(&environment);
    // What stands behind the end of a JPEG is no part of the picture.
    let mut large = read(TOMATO);
    large.resize(20 << 20, 0);
    storage.put("large.jpg", &large);
    let outcome = session.answer(Event::new(storage.created(&["large.jpg"])));
    assert!(outcome.body.contains(r#""outcome":"labelled""#), "{outcome:?}");
    session.finish();
}

#[test]
fn without_a_bucket_there_are_no_uploads() {
    let session = Session::built(&[]);
    let (status, answer) =
        request(&session, "POST", "/v1/uploads", &json!({"content_type": "image/jpeg", "size": 1}));
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("not_found")));
    session.finish();
}

#[test]
fn what_is_recognised_is_kept_once_and_tagged() {
    let storage = CosServer::start("kept-1250000000");
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.sqlite");
    let mut environment = storage.environment();
    environment.push(("VISION_COS_TAGS", "true"));
    environment.push(("VISION_HISTORY", history.to_str().unwrap()));
    let session = Session::built(&environment);
    storage.put("tomato.jpg", &read(TOMATO));
    for _ in 0..3 {
        let outcome = session.answer(Event::new(storage.created(&["tomato.jpg"])));
        assert!(outcome.body.contains(r#""outcome":"labelled""#), "{outcome:?}");
    }
    let tags = String::from_utf8(storage.get("tomato.jpg?tagging").unwrap()).unwrap();
    assert!(tags.contains("<Key>vision-label</Key><Value>Vine tomato</Value>"), "{tags}");
    session.finish();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let page = runtime.block_on(async {
        let history =
            vision::history::History::open(&history.to_str().unwrap().parse().unwrap(), 10).await.unwrap();
        history.page(&vision::history::PageQuery { limit: 10, after: None, search: None }).await.unwrap()
    });
    assert_eq!(page.entries.len(), 1);
    assert_eq!(
        (page.entries[0].predictions[0].label.as_str(), page.entries[0].predictions.len()),
        ("Vine tomato", 3)
    );
}

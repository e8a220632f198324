//! CloudEvents: what comes as an event is answered by one, in the mode that came.

use serde_json::{Value, json};
use support::{file, read};

use crate::client::{Client, Reply, encode};
use crate::server::{Server, labels_of_run, tomato};

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

const HEAD: [(&str, &str); 4] = [
    ("ce-specversion", "1.0"),
    ("ce-id", "photo-7"),
    ("ce-source", "/camera/1"),
    ("ce-type", "com.example.photo.taken"),
];

/// An event as JSON with these fields more.
fn event(fields: &Value) -> Value {
    let mut event = json!({"specversion": "1.0", "id": "photo-7", "source": "/camera/1", "type": "com.example.photo.taken"});
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

fn binary(server: &Server, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    server.send("POST", path, &[&HEAD, headers].concat(), body)
}

fn structured(server: &Server, fields: &Value) -> Reply {
    server.post("/", STRUCTURED, event(fields).to_string().as_bytes())
}

fn batch(server: &Server, events: &[Value]) -> Reply {
    server.post("/", BATCH, Value::from(events.to_vec()).to_string().as_bytes())
}

/// The attributes that each answer has.
fn is_answer(event: &Value, kind: &str) {
    for (name, value) in
        [("specversion", "1.0"), ("type", kind), ("source", "/v1/recognize"), ("causationid", "photo-7")]
    {
        assert_eq!(event[name], value, "{event}");
    }
    let id = event["id"].as_str().unwrap();
    assert!(id.len() == 36 && id != "photo-7", "{id}");
    let time = event["time"].as_str().unwrap();
    assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
}

#[test]
fn a_picture_with_headers_gets_labels_with_headers() {
    let server = Server::start(&[]);
    for path in ["/", "/v1/recognize"] {
        let reply = binary(
            &server,
            path,
            &[
                ("content-type", "image/jpeg"),
                ("ce-subject", "in/%E7%95%AA%20100%25.jpg"),
                ("ce-traceparent", "00-1"),
            ],
            &tomato(),
        );
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.json(), labels_of_run(&tomato()));
        let names = ["specversion", "type", "source", "id", "time", "causationid"];
        let attributes =
            names.map(|name| (name.to_owned(), reply.header(&format!("ce-{name}")).unwrap().into()));
        is_answer(&Value::Object(attributes.into_iter().collect()), "wasm-vision.labels");
        assert_eq!(reply.header("ce-subject"), Some("in/%E7%95%AA%20100%25.jpg"));
        assert_eq!(reply.header("ce-traceparent"), Some("00-1"));
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
        assert!(reply.header("ce-datacontenttype").is_none());
    }
    let lines = binary(&server, "/?lang=zh&top=1", &[("accept", "text/plain")], &tomato());
    assert_eq!(lines.text(), "串番茄: 57.03%\n");
    assert_eq!(lines.header("ce-type"), Some("wasm-vision.answer"));
}

#[test]
fn a_picture_in_json_gets_labels_in_json() {
    let server = Server::start(&[]);
    let picture = encode(tomato());
    for fields in [
        json!({"data_base64": picture, "datacontenttype": "image/jpeg"}),
        json!({"data_base64": picture}),
        json!({"data": picture}),
        json!({"data": format!("data:image/jpeg;base64,{picture}"), "datacontenttype": "text/plain"}),
        json!({"data": {"image": picture}, "datacontenttype": "application/json"}),
        json!({"data": {"body": picture}}),
        json!({"data_base64": encode(json!({"image": picture}).to_string()), "datacontenttype": "application/json"}),
    ] {
        let mut fields = fields;
        fields.as_object_mut().unwrap().insert("subject".to_owned(), json!("番茄"));
        let reply = structured(&server, &fields);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/cloudevents+json; charset=utf-8"));
        let answer = reply.json();
        is_answer(&answer, "wasm-vision.labels");
        assert_eq!((&answer["subject"], &answer["data"]), (&json!("番茄"), &labels_of_run(&tomato())));
        assert!(reply.header("ce-id").is_none());
    }
}

#[test]
fn a_batch_is_answered_one_by_one_in_its_order() {
    let server = Server::start(&[]);
    let picture = |name: &str| encode(read(&format!("tests/samples/{name}")));
    let events = [
        event(&json!({"subject": "0", "data_base64": picture("granny-smith.jpg")})),
        event(&json!({"subject": "1", "data_base64": encode("GIF89a")})),
        json!("no event"),
        event(&json!({"subject": "3", "type": "wasm-vision.labels", "data": {}})),
        event(&json!({"subject": "4", "data_base64": picture("tomato.jpg")})),
        event(&json!({"subject": "5", "specversion": "0.3"})),
    ];
    let reply = batch(&server, &events);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/cloudevents-batch+json; charset=utf-8"));
    let answers = reply.json();
    let answers = answers.as_array().unwrap();
    let kinds: Vec<_> = answers.iter().map(|answer| answer["type"].as_str().unwrap()).collect();
    let [labels, error, ignored] = ["wasm-vision.labels", "wasm-vision.error", "wasm-vision.ignored"];
    assert_eq!(kinds, [labels, error, error, ignored, labels, error]);
    for (place, kind) in [(0, labels), (1, error), (3, ignored), (4, labels)] {
        is_answer(&answers[place], kind);
        assert_eq!(answers[place]["subject"], place.to_string());
    }
    assert_eq!(answers[0]["data"]["predictions"][0]["label"], "Golden Delicious apple");
    assert_eq!(answers[4]["data"]["predictions"][0]["label"], "Vine tomato");
    assert_eq!(answers[1]["data"]["error"]["code"], "unsupported_image");
    for (place, told) in [(2, "expected an event"), (5, "accepted is 1.0")] {
        assert_eq!(answers[place]["data"]["error"]["code"], "bad_request");
        assert!(
            answers[place]["data"]["error"]["message"].as_str().unwrap().contains(told),
            "{}",
            answers[place]
        );
    }
    assert_eq!(batch(&server, &[]).json(), json!([]));
}

#[test]
fn a_batch_has_a_bound() {
    let server = Server::start(&[]);
    let small = event(&json!({"data_base64": "R0lG"}));
    let whole = batch(&server, &vec![small.clone(); 100]);
    assert_eq!((whole.status, whole.json().as_array().unwrap().len()), (200, 100));
    let more = batch(&server, &vec![small; 101]);
    assert_eq!(more.error(), (400, "bad_request".to_owned()));
    assert!(more.message().contains("more than 100 events"), "{}", more.message());
}

#[test]
fn the_answers_of_a_batch_have_a_bound_together() {
    let copies = file("target/wasm/wasm32-wasip1/release/copies.wasm");
    let function = format!("copies={},answer-limit=1", copies.display());
    let server = Server::start(&["--function", &function]);
    let photo = event(&json!({"data_base64": encode(read("tests/samples/tomato.jpg"))}));
    let events = Value::from(vec![photo; 8]).to_string();
    let reply = server.post("/v1/copies?pad=400000", BATCH, events.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answers = reply.json();
    let answers = answers.as_array().unwrap();
    let errors: Vec<_> = answers.iter().filter(|answer| answer["type"] == "wasm-vision.error").collect();
    assert_eq!((answers.len(), errors.len()), (8, 6));
    for error in errors {
        assert_eq!(error["data"]["error"]["code"], "too_large", "{error}");
        assert!(error["data"]["error"]["message"].as_str().unwrap().contains("more than 1 MiB"), "{error}");
    }
}

#[test]
fn an_event_that_cant_be_answered_gets_what_any_request_gets() {
    let server = Server::start(&[]);
    let gif = binary(&server, "/", &[("content-type", "image/gif")], b"GIF89a");
    assert_eq!(gif.error(), (415, "unsupported_image".to_owned()));
    assert!(gif.header("ce-id").is_none());
    assert_eq!(structured(&server, &json!({"data_base64": encode("GIF89a")})).error().0, 415);
    assert_eq!(structured(&server, &json!({})).error().0, 400);
    for (fields, told) in [
        (json!({"id": null}), "it lacks id"),
        (json!({"time": "noon"}), "a time such as"),
        (json!({"data_base64": "*"}), "no base64"),
    ] {
        let reply = structured(&server, &fields);
        assert_eq!(reply.error().0, 400);
        assert!(reply.message().contains(told), "{}", reply.message());
    }
    assert_eq!(server.post("/", STRUCTURED, b"{").error().0, 400);
    assert_eq!(server.post("/", BATCH, b"{}").error().0, 400);
    let avro = server.post("/", "application/cloudevents+avro", b"");
    assert!(avro.message().contains("accepted are application/cloudevents+json"), "{}", avro.message());
    let lacking = server.send("POST", "/", &[("ce-specversion", "1.0")], &tomato());
    assert!(lacking.message().contains("it lacks id, source, type"), "{}", lacking.message());
    // Without the version a request is none, whatever else it has.
    assert_eq!(server.send("POST", "/", &[("ce-id", "1")], &tomato()).status, 200);
}

#[test]
fn our_own_events_are_no_questions() {
    let server = Server::start(&[]);
    let answer = structured(&server, &json!({"data_base64": encode(tomato())}));
    let again = server.post("/", STRUCTURED, &answer.body);
    assert_eq!((again.status, again.body.as_slice()), (204, &b""[..]));
}

#[test]
fn events_are_kept_in_the_history_like_other_requests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let server = Server::start(&["--history", path.to_str().unwrap()]);
    assert_eq!(structured(&server, &json!({"data_base64": encode(tomato())})).status, 200);
    assert_eq!(batch(&server, &vec![event(&json!({"data_base64": encode(tomato())})); 2]).status, 200);
    crate::server::eventually("they are kept", || {
        server.get("/v1/history").json()["entries"].as_array().unwrap().len() == 3
    });
}

#[test]
fn nothing_is_fetched_where_nobody_said_from_where() {
    let server = Server::start(&[]);
    let record = json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "photos"}, "object": {"key": "a.jpg"}}}]});
    let reply = structured(&server, &json!({"data": record}));
    assert_eq!(reply.error(), (400, "bad_request".to_owned()));
    let allowing = Server::start(&["--event-bucket", "others,photos/in/"]);
    let reply = structured(&allowing, &json!({"data": record}));
    assert_eq!(reply.error(), (403, "forbidden".to_owned()));
    assert!(reply.message().contains("--event-bucket"), "{}", reply.message());
}

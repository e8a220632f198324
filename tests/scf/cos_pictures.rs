//! Pictures put into a bucket, with a function that answers pictures: they are written beside them, and start nothing.

use serde_json::{Value, json};
use support::read;
use support::scf::{Endpoint, Event};

use crate::cos_server::CosServer;
use crate::program::Installation;
use crate::session::Session;

const PICTURE: &str = "tests/images/rgb-8.png";

/// The function that answers the picture that it is given, with these options.
fn session(storage: &CosServer, more: &[(&str, &str)]) -> Session {
    let wasm = support::file("target/wasm/wasm32-wasip1/release/copies.wasm");
    assert!(wasm.exists(), "copies.wasm is missing: run `make test`, which builds it");
    let environment = [&storage.environment(), more].concat();
    Session::start(&Installation::Built(wasm), &environment, &[])
}

/// What is told of these objects.
fn told(session: &Session, storage: &CosServer, keys: &[&str]) -> Vec<Value> {
    let outcome = session.answer(Event::new(storage.created(keys)));
    assert_eq!(outcome.endpoint, Endpoint::Response, "{outcome:?}");
    let answer: Value = serde_json::from_str(&outcome.body).unwrap();
    answer["records"].as_array().unwrap().clone()
}

#[test]
fn a_picture_of_the_function_is_written_beside_the_picture_and_is_no_source_itself() {
    let storage = CosServer::start("made-1250000000");
    let session = session(&storage, &[]);
    // The name of the first tells that it is a picture, that of the second does not.
    for key in ["in/a.png", "in/b"] {
        storage.put(key, &read(PICTURE));
        let record = &told(&session, &storage, &[key])[0];
        let made = format!("{key}.copy.png");
        assert_eq!(record["outputs"], json!([format!("made-1250000000/{made}")]), "{record}");
        assert!(storage.get(&made).unwrap() == read(PICTURE));
        assert_eq!(told(&session, &storage, &[&made])[0]["outcome"], "own_output");
        assert_eq!(storage.get(&format!("{made}.copy.png")), None);
    }
    session.finish();
}

#[test]
fn results_of_other_functions_are_no_sources_either() {
    let storage = CosServer::start("functions-1250000000");
    storage.put("a.png", &read(PICTURE));
    let first = session(&storage, &[("VISION_QUERY", "suffix=.odd.png")]);
    assert_eq!(told(&first, &storage, &["a.png"])[0]["outcome"], "made");
    first.finish();
    let second = session(&storage, &[("VISION_COS_OUTPUT_NAME", "small")]);
    let outcomes = told(&second, &storage, &["a.png.odd.png", "a.png", "a.png.thumb-160.jpg"]);
    let outcomes: Vec<&Value> = outcomes.iter().map(|record| &record["outcome"]).collect();
    assert_eq!(outcomes, ["own_output", "made", "own_output"]);
    assert!(storage.get("a.png.small.png").is_some() && storage.get("a.png.odd.png.small.png").is_none());
    second.finish();
}

#[test]
fn several_files_of_one_picture_are_written_each() {
    let storage = CosServer::start("files-1250000000");
    storage.put("a.png", &read(PICTURE));
    let session = session(&storage, &[("VISION_QUERY", "files=2"), ("VISION_COS_OUTPUT_PREFIX", "by/")]);
    let record = &told(&session, &storage, &["a.png"])[0];
    let expected = json!(["files-1250000000/by/a.png.copy-1.jpg", "files-1250000000/by/a.png.copy-2.jpg"]);
    assert_eq!((&record["outcome"], &record["outputs"]), (&json!("made"), &expected));
    for number in ["1", "2"] {
        assert!(storage.get(&format!("by/a.png.copy-{number}.jpg")).unwrap() == read(PICTURE));
    }
    session.finish();
}

#[test]
fn a_picture_without_result_gets_a_file_that_says_why() {
    let storage = CosServer::start("without-1250000000");
    storage.put("a.png", &read(PICTURE));
    let session = session(&storage, &[("VISION_QUERY", "refuse=nobody is in the picture")]);
    assert_eq!(told(&session, &storage, &["a.png"])[0]["outcome"], "refused");
    let written = storage.json("a.png.copy.json");
    let expected = (&json!("nobody is in the picture"), &json!("undecodable_image"));
    assert_eq!((&written["error"], &written["code"]), expected);
    assert_eq!(storage.get("a.png.copy.png"), None);
    assert_eq!(told(&session, &storage, &["a.png.copy.json"])[0]["outcome"], "own_output");
    session.finish();
}

#[test]
fn what_goes_into_a_bucket_may_be_larger_than_what_the_platform_takes() {
    let storage = CosServer::start("larger-1250000000");
    for key in ["a.png", "b.png"] {
        storage.put(key, &read(PICTURE));
    }
    let large = session(&storage, &[("VISION_QUERY", "pad=8000000")]);
    assert_eq!(told(&large, &storage, &["a.png"])[0]["outcome"], "made");
    assert!(storage.get("a.png.copy.png").unwrap().len() > 8_000_000);
    large.finish();
    let too_large = session(&storage, &[("VISION_QUERY", "pad=20000000")]);
    assert_eq!(told(&too_large, &storage, &["b.png"])[0]["outcome"], "refused");
    let written = storage.json("b.png.labels.json");
    assert_eq!(written["code"], "too_large");
    assert!(written["error"].as_str().unwrap().contains("size=1024 or format=jpeg"), "{written}");
    too_large.finish();
}

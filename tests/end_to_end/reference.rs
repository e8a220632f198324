//! The answers agree with a second implementation: LiteRT's Python interpreter over Pillow's decoder and resize
//! (tests/reference/make.py, which says how; tests/reference/README.md, which says what counts as agreement).

use serde::Deserialize;
use serde_json::json;

use support::read;

use crate::program::{Vision, encode, http, response};

/// How far a probability may be from the other implementation's,
const TOLERANCE: f64 = 0.05;
/// also where both see the very same pixels: a PNG file of the model's input size.
/// Processors may differ by a step of the output, 1/256.
const TOLERANCE_OF_EQUAL_PIXELS: f64 = 0.004;

#[derive(Deserialize)]
struct Expected {
    model_sha256: String,
    pictures: Vec<Picture>,
}

#[derive(Deserialize)]
struct Picture {
    file: String,
    top3: Vec<Prediction>,
}

#[derive(Clone, Debug, Deserialize)]
struct Prediction {
    label: String,
    probability: f64,
}

#[derive(Deserialize)]
struct Answer {
    predictions: Vec<Prediction>,
}

fn answer(file: &str) -> Vec<Prediction> {
    let event = http(
        &json!(encode(read(&format!("tests/reference/{file}")))),
        &json!({"queryString": {"top": "81"}}),
    );
    let (status, body) = response(&Vision::run_function().stdin(event).call());
    assert_eq!(status, 200, "{file}: {body}");
    serde_json::from_value::<Answer>(body).unwrap().predictions
}

#[test]
fn labels_and_probabilities_agree_with_a_second_implementation() {
    let expected: Expected = serde_json::from_slice(&read("tests/reference/expected.json")).unwrap();
    let manifest = String::from_utf8(read("models/groceries/model.toml")).unwrap();
    assert!(
        manifest.contains(&expected.model_sha256),
        "expected.json is for another model: run make reference"
    );
    assert!(expected.pictures.len() >= 20);
    for Picture { file, top3 } in expected.pictures {
        let found = answer(&file);
        assert_eq!(found[0].label, top3[0].label, "{file}: {:?} instead of {top3:?}", &found[..3]);
        let third = found[2].probability;
        for prediction in &top3 {
            let ours = found.iter().find(|ours| ours.label == prediction.label).unwrap();
            let distance = (ours.probability - prediction.probability).abs();
            let tolerance = if file.ends_with(".png") { TOLERANCE_OF_EQUAL_PIXELS } else { TOLERANCE };
            assert!(distance <= tolerance, "{file}: {ours:?} instead of {prediction:?}");
            // Only classes that are a near tie with our third may be missing from our three.
            let is_among_ours = found[..3].iter().any(|ours| ours.label == prediction.label);
            assert!(
                is_among_ours || third - ours.probability <= TOLERANCE,
                "{file}: {prediction:?} is not among ours"
            );
        }
    }
}

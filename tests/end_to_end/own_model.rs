//! `vision function`: somebody's own model becomes a function. The models of tests/own_model are in the forms that people's
//! tools export; what they answer was found by LiteRT's Python interpreter on the same pixels (tests/own_model/make.py).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{file, function, read};

use crate::program::{Outcome, Vision, encode, http, response};

/// Processors may differ by a step of the output, 1/256.
const TOLERANCE: f64 = 0.005;

/// Probabilities of each class, by picture.
type Answers = BTreeMap<String, Vec<f64>>;

/// A folder for functions, labels, and the list of what this user made.
struct Workplace(tempfile::TempDir);

impl Workplace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("colours.txt"), "Red\nGreen\nBlue\nGrey\n").unwrap();
        std::fs::write(folder.path().join("tones.txt"), "dark\nmedium\nbright\n").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `vision function` with the built function as its base.
    fn function(&self, model: &Path, arguments: &[&str]) -> Outcome {
        self.function_of(&function(), model, arguments)
    }

    fn function_of(&self, base: &Path, model: &Path, arguments: &[&str]) -> Outcome {
        let mut call = Vision::new(&["function", "--wasm"]).argument(base);
        call = call.argument("--model").argument(model).argument("--output").argument(self.path("my.wasm"));
        for argument in arguments {
            let is_file = self.path(argument).exists();
            call = if is_file { call.argument(self.path(argument)) } else { call.argument(argument) };
        }
        call.env("XDG_CACHE_HOME", self.0.path().to_str().unwrap()).call()
    }

    /// The same of a model of tests/own_model, which works.
    fn made(&self, model: &str, arguments: &[&str]) -> String {
        let outcome = self.function(&file("tests/own_model").join(model), arguments);
        assert_eq!(outcome.code, Some(0), "{model}: {}", outcome.stderr);
        outcome.stdout
    }

    fn refusal(&self, model: &Path, arguments: &[&str]) -> String {
        let outcome = self.function(model, arguments);
        assert_ne!(outcome.code, Some(0), "{}", outcome.stdout);
        assert!(!self.path("my.wasm").exists(), "nothing is left of what was refused");
        outcome.stderr
    }

    /// The whole answer to a picture of tests/own_model.
    fn answer(&self, picture: &str, query: &Value) -> Value {
        let picture = encode(read(&format!("tests/own_model/pictures/{picture}")));
        let event = http(&json!(picture), &json!({"queryString": query}));
        let call = Vision::new(&["run", "--wasm"]).argument(self.path("my.wasm")).stdin(event);
        let (status, body) = response(&call.env("XDG_CACHE_HOME", self.0.path().to_str().unwrap()).call());
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Probabilities in the order of the classes.
    fn probabilities(&self, picture: &str, classes: usize) -> Vec<f64> {
        let answer = self.answer(picture, &json!({"top": classes.to_string()}));
        let mut probabilities = vec![f64::NAN; classes];
        for prediction in answer["predictions"].as_array().unwrap() {
            probabilities[prediction["index"].as_u64().unwrap() as usize] =
                prediction["probability"].as_f64().unwrap();
        }
        probabilities
    }
}

fn expected(model: &str) -> Answers {
    let all: BTreeMap<String, Answers> =
        serde_json::from_slice(&read("tests/own_model/expected.json")).unwrap();
    all[model].clone()
}

/// That a function answers what LiteRT's interpreter does.
fn check(model: &str, name: &str, arguments: &[&str]) -> String {
    let workplace = Workplace::new();
    let said = workplace.made(model, arguments);
    for (picture, expected) in expected(name) {
        let found = workplace.probabilities(&picture, expected.len());
        let is_near = found.iter().zip(&expected).all(|(found, wanted)| (found - wanted).abs() <= TOLERANCE);
        assert!(is_near, "{name}, {picture}: {found:?}, expected {expected:?}");
    }
    said
}

#[test]
fn a_teachable_machine_export_needs_nothing_but_itself() {
    let said = check("teachable-machine-float.zip", "teachable-machine-float.zip", &[]);
    assert!(said.contains("(byte − 127.5) / 127.5 (as all models of Teachable Machine want it)"), "{said}");
    assert!(said.contains("4 (from labels.txt in teachable-machine-float.zip)"), "{said}");
    let said = check("teachable-machine-quantized.zip", "teachable-machine-quantized.zip", &[]);
    assert!(said.contains("uint8, 32 × 32, red, green, blue"), "{said}");
    let workplace = Workplace::new();
    workplace.made("teachable-machine-float.zip", &[]);
    let answer = workplace.answer("red.png", &json!({}));
    assert_eq!(
        (&answer["model"], &answer["predictions"][0]["label"]),
        (&json!("teachable-machine-float"), &json!("Red"))
    );
}

#[test]
fn models_of_each_type_shape_and_ending_answer_as_they_do_elsewhere() {
    let colours = ["--labels", "colours.txt"];
    let said = check("open-batch-logits.tflite", "open-batch-logits.tflite", &colours);
    assert!(said.contains("(byte − 0) / 1 (the model begins with rescaling of its own)"), "{said}");
    assert!(said.contains("logits") && said.contains("was made fixed"), "{said}");
    let said = check("int8-logits.tflite", "int8-logits.tflite", &colours);
    assert!(said.contains("byte − 128") && said.contains("logits"), "{said}");
    check("any-size.tflite", "any-size.tflite", &["--labels", "colours.txt", "--input-size", "32x32"]);
    let said = check("grey.tflite", "grey.tflite", &["--labels", "tones.txt"]);
    assert!(said.contains("grey"), "{said}");
    check("two-outputs.tflite", "two-outputs.tflite", &colours);
    let said = check("planes.tflite", "planes.tflite", &colours);
    assert!(said.contains("a plane each"), "{said}");
}

#[test]
fn numbers_that_are_told_count_for_more_than_those_that_are_found() {
    let told = ["--mean", "123.675,116.28,103.53", "--std", "58.395,57.12,57.375"];
    let said = check("teachable-machine-float.zip", "told", &told);
    assert!(said.contains("from --mean, --std"), "{said}");
}

#[test]
fn below_its_threshold_a_function_is_unsure_in_both_languages() {
    let workplace = Workplace::new();
    let said = workplace.made("teachable-machine-float.zip", &["--threshold", "0.5"]);
    assert!(said.contains("probability below 0.5 is unsure (from --threshold)"), "{said}");
    assert_eq!(workplace.answer("granny-smith.png", &json!({}))["unsure"], true);
    assert_eq!(workplace.answer("red.png", &json!({})).get("unsure"), None);
    let picture = file("tests/own_model/pictures/granny-smith.png");
    let call = Vision::new(&["run", "--wasm"]).argument(workplace.path("my.wasm")).argument(picture);
    let outcome = call.env("XDG_CACHE_HOME", workplace.0.path().to_str().unwrap()).call();
    assert_eq!(
        outcome.stdout.lines().nth(3),
        Some("(unsure: this may be none of the things that the model knows)")
    );
}

#[test]
fn labels_that_do_not_fit_are_named_and_mended_with_an_offset() {
    let workplace = Workplace::new();
    let model = file("tests/own_model/int8-logits.tflite");
    std::fs::write(workplace.path("more.txt"), "background\nRed\nGreen\nBlue\nGrey\n").unwrap();
    std::fs::write(workplace.path("fewer.txt"), "Green\nBlue\nGrey\n").unwrap();
    let said = workplace.refusal(&model, &["--labels", "more.txt"]);
    assert!(said.contains("5 labels, the model 4 classes") && said.contains("--offset 1"), "{said}");
    let said = workplace.refusal(&model, &["--labels", "fewer.txt"]);
    assert!(said.contains("3 labels, the model 4 classes") && said.contains("--offset=-1"), "{said}");
    let said = workplace.refusal(&model, &["--labels", "fewer.txt", "--offset", "1"]);
    assert!(said.contains("with --offset 1 it would be 2"), "{said}");
    assert!(workplace.refusal(&model, &[]).contains("4 classes and no labels"));
    workplace
        .made("int8-logits.tflite", &["--labels", "more.txt", "--offset", "1", "--labels-zh", "more.txt"]);
    assert_eq!(workplace.answer("red.png", &json!({}))["predictions"][0]["label"], "Red");
    workplace.made("int8-logits.tflite", &["--labels", "fewer.txt", "--offset", "-1"]);
    assert_eq!(workplace.answer("red.png", &json!({}))["predictions"][0]["label"], "background");
    assert_eq!(workplace.answer("green.png", &json!({}))["predictions"][0]["label"], "Green");
}

#[test]
fn what_is_no_model_for_pictures_is_refused_with_the_reason() {
    let workplace = Workplace::new();
    for (content, name, reason) in [
        (&b"\x89HDF\r\n\x1a\n"[..], "keras_model.h5", "a Keras model (HDF5)"),
        (b"", "empty.tflite", "is empty"),
        (b"<!DOCTYPE html>", "model.tflite", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "model.tflite", "a pointer of Git LFS"),
        (b"\x08\x01", "graph.pb", "a TensorFlow graph"),
        (b"PK\x03\x04", "broken.zip", "is damaged"),
        (b"\x1c\0\0\0TFL3", "cut.tflite", "is damaged"),
    ] {
        let path = workplace.path(name);
        std::fs::write(&path, content).unwrap();
        let said = workplace.refusal(&path, &[]);
        assert!(said.contains(reason), "{name}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
    let any_size = file("tests/own_model/any-size.tflite");
    assert!(workplace.refusal(&any_size, &["--labels", "colours.txt"]).contains("--input-size WIDTHxHEIGHT"));
    let two = file("tests/own_model/two-outputs.tflite");
    assert!(workplace.refusal(&two, &[]).contains("choose one with --output-tensor"));
    assert!(workplace.refusal(Path::new("/nowhere"), &[]).contains("can't read /nowhere"));
    let model = file("tests/own_model/int8-logits.tflite");
    let wrong = Vision::new(&["function", "--wasm"])
        .argument(file("tests/tomato.json"))
        .argument("--model")
        .argument(model);
    let wrong = wrong.argument("--labels").argument(workplace.path("colours.txt"));
    let outcome = wrong.argument("-o").argument(workplace.path("my.wasm")).call();
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
}

/// Who makes a function vouches for it; to others it is a module like any.
#[test]
fn a_function_is_known_to_who_made_it_and_to_nobody_else() {
    let workplace = Workplace::new();
    let said = workplace.made("teachable-machine-float.zip", &[]);
    let sum =
        said.split("--trust-module ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let stranger = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let picture = file("tests/own_model/pictures/red.png");
        let mut call = Vision::new(&["run", "--wasm"]).argument(workplace.path("my.wasm"));
        for argument in arguments {
            call = call.argument(argument);
        }
        call.argument(picture).env("XDG_CACHE_HOME", stranger.path().to_str().unwrap()).call()
    };
    let outcome = run(&["--code", "interpret"]);
    assert_ne!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("a model that is not known"), "{}", outcome.stderr);
    let outcome = run(&["--trust-module", &sum]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.starts_with("Red: "), "{}", outcome.stdout);
}

/// A function is made of the recognizer or of another function, and the same things make the same bytes.
#[test]
fn a_function_can_be_the_base_of_the_next_one() {
    let workplace = Workplace::new();
    workplace.made("teachable-machine-float.zip", &[]);
    let first = std::fs::read(workplace.path("my.wasm")).unwrap();
    let base = workplace.path("base.wasm");
    workplace.made("int8-logits.tflite", &["--labels", "colours.txt"]);
    std::fs::rename(workplace.path("my.wasm"), &base).unwrap();
    let outcome = workplace.function_of(&base, &file("tests/own_model/teachable-machine-float.zip"), &[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(std::fs::read(workplace.path("my.wasm")).unwrap() == first, "the same bytes");
}

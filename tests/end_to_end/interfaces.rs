//! Every interface for inference that modules are built with: a guest for each, made with the crate from the registry, gives
//! the answer of LiteRT's own interpreter (tests/reference).

use std::path::PathBuf;

use serde_json::Value;
use support::{file, read};

use crate::program::{Outcome, Vision};

const GUESTS: [&str; 7] = [
    "ssvm_0_1",
    "interface_0_2",
    "interface_0_3",
    "wasi_nn_0_1",
    "wasi_nn_0_4",
    "wasi_nn_0_6",
    "wasmedge_wasi_nn",
];

/// Those that run TensorFlow graphs; `wasi-nn` 0.1 has no number for them.
const GUESTS_WITH_GRAPHS: [&str; 6] =
    ["ssvm_0_1", "interface_0_2", "interface_0_3", "wasi_nn_0_4", "wasi_nn_0_6", "wasmedge_wasi_nn"];

/// The guests that can ask for a model by its name.
const GUESTS_WITH_NAMES: [&str; 2] = ["wasi_nn_0_6", "wasmedge_wasi_nn"];

/// A PNG file of the input's size, so that no resize can make a difference.
const PICTURE: &str = "05-lemon.png";

const MODEL: &str = "/models/groceries/model.tflite";

fn guest(name: &str) -> PathBuf {
    let module = file("target/wasm/wasm32-wasip1/release").join(name).with_extension("wasm");
    assert!(module.exists(), "{} is missing: run `make test`, which builds it", module.display());
    module
}

/// What a guest says of the picture by `model`, called with further options.
fn call(name: &str, model: &str, options: &[&str]) -> Outcome {
    run(name, model, &format!("pictures/{PICTURE}"), ["image", "probabilities"], options)
}

/// What a guest says of a picture of tests/reference by a model with this input and output.
fn run(name: &str, model: &str, picture: &str, [input, output]: [&str; 2], options: &[&str]) -> Outcome {
    let call = Vision::new(&["run"])
        .option("--wasm", guest(name))
        .option("--dir", format!("/models:{}", file("models").display()))
        .option("--dir", format!("/graphs:{}", file("tests/graphs").display()))
        .option("--dir", format!("/reference:{}", file("tests/reference").display()));
    let arguments = ["--", model, &format!("/reference/{picture}"), "192", input, output];
    options.iter().chain(&arguments).fold(call, |call, argument| call.argument(argument)).call()
}

/// The three likeliest classes, each with its value as the model gives it, a byte of 1/256.
fn expected() -> String {
    let expected: Value = serde_json::from_slice(&read("tests/reference/expected.json")).unwrap();
    let pictures = expected["pictures"].as_array().unwrap();
    let of_picture = |entry: &&Value| entry["file"].as_str().unwrap().ends_with(PICTURE);
    let top3 = pictures.iter().find(of_picture).unwrap()["top3"].as_array().unwrap();
    let line = |class: &Value| {
        format!("{} {}\n", class["index"], (class["probability"].as_f64().unwrap() * 256.0).round())
    };
    top3.iter().map(line).collect()
}

#[test]
fn each_interface_gives_the_answer_of_the_second_implementation() {
    for name in GUESTS {
        let outcome = call(name, MODEL, &[]);
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, expected(), "{name}");
    }
}

#[test]
fn each_interface_runs_a_frozen_graph_as_tensorflow_does() {
    let told: Value = serde_json::from_slice(&read("tests/graphs/network.json")).unwrap();
    let allow = ["--allow-model", told["sha256"].as_str().unwrap()];
    for name in GUESTS_WITH_GRAPHS {
        for entry in told["pictures"].as_array().unwrap() {
            let picture = entry["file"].as_str().unwrap();
            let outcome = run(name, "/graphs/network.pb", picture, ["input", "probabilities"], &allow);
            assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
            let found: Vec<(u64, f64)> = outcome.stdout.lines().map(class).collect();
            let expected = entry["top3"].as_array().unwrap();
            assert_eq!(found.len(), expected.len(), "{name}: {}", outcome.stdout);
            for ((index, value), expected) in found.into_iter().zip(expected) {
                let difference = (value - expected["probability"].as_f64().unwrap()).abs();
                assert!(
                    Some(index) == expected["index"].as_u64() && difference < 1e-5,
                    "{name}, {picture}: {index} {value}, expected {expected}"
                );
            }
        }
    }
}

/// A line that a guest prints: a class and its value.
fn class(line: &str) -> (u64, f64) {
    let (index, value) = line.split_once(' ').unwrap();
    (index.parse().unwrap(), value.parse().unwrap())
}

#[test]
fn a_graph_must_be_known_as_any_other_model() {
    let arguments = ["input", "probabilities"];
    for name in ["interface_0_3", "wasi_nn_0_6"] {
        let outcome = run(name, "/graphs/network.pb", &format!("pictures/{PICTURE}"), arguments, &[]);
        assert_ne!(outcome.code, Some(0), "{}", outcome.stdout);
        assert!(outcome.stderr.contains("--allow-model "), "{name}: {}", outcome.stderr);
    }
}

#[test]
fn a_model_that_was_given_a_name_is_loaded_by_it() {
    let preload = format!("fruit:TensorFlowLite:CPU:{}", file("models/groceries/model.tflite").display());
    for name in GUESTS_WITH_NAMES {
        let outcome = call(name, "@fruit", &["--nn-preload", &preload]);
        assert_eq!(outcome.stdout, expected(), "{name}: {}", outcome.stderr);
        let outcome = call(name, "@vegetables", &["--nn-preload", &preload]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
        assert!(outcome.stderr.contains("a model named \"vegetables\""), "{name}: {}", outcome.stderr);
    }
}

#[test]
fn a_model_with_a_name_must_be_known_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.tflite");
    let mut model = read("models/groceries/model.tflite");
    let description = b"MLIR Converted.";
    let at = model.windows(description.len()).position(|window| window == description).unwrap();
    model[at] = b'm';
    std::fs::write(&path, &model).unwrap();
    let preload = format!("fruit:tensorflowlite:cpu:{}", path.display());
    let outcome = call("wasi_nn_0_6", "@fruit", &["--nn-preload", &preload]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    let advice =
        outcome.stderr.split("--allow-model ").nth(1).unwrap_or_else(|| panic!("{}", outcome.stderr));
    let sum = advice.split(' ').next().unwrap();
    let outcome = call("wasi_nn_0_6", "@fruit", &["--nn-preload", &preload, "--allow-model", sum]);
    assert_eq!(outcome.stdout, expected(), "{}", outcome.stderr);
    for (preload, message) in [
        ("fruit:onnx:cpu:m.onnx", "accepted are tensorflowlite and tensorflow"),
        ("fruit:tensorflowlite:gpu:m.tflite", "accepted are cpu and auto"),
        ("fruit:tensorflowlite:cpu:/nowhere/m.tflite", "can't read the model /nowhere/m.tflite"),
    ] {
        let outcome = call("wasi_nn_0_6", "@fruit", &["--nn-preload", preload]);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    }
}

#[test]
fn the_module_of_the_document_is_the_guest_that_runs_here() {
    let document = String::from_utf8(read("docs/modules.md")).unwrap();
    let example = document.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    let source = String::from_utf8(read("tests/guests/classify/src/main.rs")).unwrap();
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let mut count = 0;
    for line in example.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(lines.contains(&line), "docs/modules.md has a line that the guest has not: {line}");
        count += 1;
    }
    assert!(count > 15, "{count} lines");
}

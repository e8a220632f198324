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
    let call = Vision::new(&["run"])
        .option("--wasm", guest(name))
        .option("--dir", format!("/models:{}", file("models").display()))
        .option("--dir", format!("/pictures:{}", file("tests/reference/pictures").display()));
    let arguments = ["--", model, &format!("/pictures/{PICTURE}"), "192", "image", "probabilities"];
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

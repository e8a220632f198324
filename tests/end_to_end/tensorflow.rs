//! TensorFlow itself in the confined worker: a graph with control flow, and a saved model in a granted folder. These tests need
//! its library (`make test-tensorflow` fetches it and runs them).

use std::path::Path;

use support::file;
use support::protobuf::{self, Message, node, of_type};

use crate::program::{Outcome, Vision};

/// tensorflow/core/framework/types.proto
const FLOAT: u64 = 1;
const BOOL: u64 = 10;

/// The picture's values with their signs changed twice; between, a switch that a constant sets, which only TensorFlow runs.
fn graph(with_switch: bool) -> Vec<u8> {
    let float = |name: &str, operation: &str, inputs: &[&str]| {
        node(name, operation, inputs).attribute("T", &of_type(FLOAT))
    };
    let is_true = Message::default().number(1, BOOL).bytes(2, &[]).bytes(11, &[1]);
    let last = if with_switch { "either" } else { "once" };
    let mut nodes = vec![
        node("x", "Placeholder", &[]).attribute("dtype", &of_type(FLOAT)),
        float("once", "Neg", &["x"]),
        float("y", "Neg", &[last]),
    ];
    if with_switch {
        nodes.push(
            node("yes", "Const", &[])
                .attribute("dtype", &of_type(BOOL))
                .attribute("value", &Message::default().bytes(8, &is_true.0)),
        );
        nodes.push(float("ways", "Switch", &["once", "yes"]));
        nodes.push(
            float("either", "Merge", &["ways", "ways:1"]).attribute("N", &Message::default().number(3, 2)),
        );
    }
    protobuf::graph(&nodes)
}

/// What the guest says of the picture's values by a model in `folder`.
fn run(folder: &Path, model: &str, options: &[&str]) -> Outcome {
    let call = Vision::new(&["run"])
        .option("--wasm", file("target/wasm/wasm32-wasip1/release/interface_0_3.wasm"))
        .option("--dir", format!("/graphs:{}", folder.display()))
        .option("--dir", format!("/reference:{}", file("tests/reference").display()))
        .argument("--allow-any-model");
    let arguments = ["--", model, "/reference/pictures/05-lemon.png", "192", "x", "y"];
    options.iter().chain(&arguments).fold(call, |call, argument| call.argument(argument)).call()
}

#[test]
fn without_the_library_control_flow_is_named_and_a_saved_model_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("switch.pb"), graph(true)).unwrap();
    let outcome = run(folder.path(), "/graphs/switch.pb", &[]);
    assert_ne!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("control flow") && outcome.stderr.contains("--tensorflow"),
        "{}",
        outcome.stderr
    );
    let outcome = run(&file("tests/graphs"), "/graphs/saved_model", &[]);
    assert!(outcome.code != Some(0) && outcome.stderr.contains("--tensorflow"), "{}", outcome.stderr);
}

#[test]
#[ignore = "needs TensorFlow's library: make test-tensorflow"]
fn tensorflow_runs_control_flow_and_saved_models_in_the_confined_worker() {
    let library = file(".toolchain/tensorflow").display().to_string();
    let with_tensorflow = ["--tensorflow", library.as_str(), "--sandbox", "require", "--time-limit", "60s"];
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plain.pb"), graph(false)).unwrap();
    std::fs::write(folder.path().join("switch.pb"), graph(true)).unwrap();
    // tensorflow/core/protobuf/saved_model.proto and meta_graph.proto: one graph with the tag that servers ask for.
    let about = Message::default().bytes(4, b"serve");
    let meta = Message::default().bytes(1, &about.0).bytes(2, &graph(true));
    let saved = Message::default().number(1, 1).bytes(2, &meta.0);
    std::fs::create_dir(folder.path().join("saved")).unwrap();
    std::fs::write(folder.path().join("saved/saved_model.pb"), &saved.0).unwrap();

    let expected = run(folder.path(), "/graphs/plain.pb", &[]);
    assert_eq!((expected.code, expected.stdout.lines().count()), (Some(0), 3), "{}", expected.stderr);
    for model in ["/graphs/switch.pb", "/graphs/saved"] {
        let outcome = run(folder.path(), model, &with_tensorflow);
        assert_eq!(outcome.code, Some(0), "{model}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, expected.stdout, "{model}");
    }
    // Only what was granted: the module has no other folder with it.
    let outcome = run(&file("tests/reference"), "/graphs/saved", &with_tensorflow);
    assert_ne!(outcome.code, Some(0), "{}", outcome.stdout);
}

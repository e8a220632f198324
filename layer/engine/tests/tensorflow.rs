//! Graphs that only TensorFlow itself runs. Where `make tensorflow` has not fetched its library, there is nothing to test.
//!
//! All in one test: TensorFlow is opened once in a process, and what there is without it comes before.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::num::NonZeroUsize;
use std::path::Path;

use engine::inference::{Backend, ElementType, GraphBackend, Graphs, InferenceError, LiteRt, Port, Tensor};
use engine::open_tensorflow;
use support::graphs::{Case, Value, cases};

fn port(value: &Value) -> Port {
    Port { operation: value.operation.clone(), index: value.index }
}

fn tensor(value: &Value) -> Tensor {
    let element_type = ElementType::from_tensorflow(value.element_type.into()).unwrap();
    Tensor::new(element_type, value.shape.clone(), value.bytes.clone()).unwrap()
}

fn answer(graphs: &Graphs, case: &Case) -> Result<Vec<Tensor>, InferenceError> {
    graphs.verify(&case.graph)?;
    let graph = graphs.load(&case.graph, None)?;
    let inputs: Vec<(Port, Tensor)> = case.inputs.iter().map(|value| (port(value), tensor(value))).collect();
    let outputs: Vec<Port> = case.outputs.iter().map(port).collect();
    assert!(inputs.iter().map(|(port, _)| port).chain(&outputs).all(|port| graph.has(port)));
    let first = graph.run(&inputs, &outputs)?;
    assert_eq!(graph.run(&inputs, &outputs)?, first, "{}", case.name);
    Ok(first)
}

#[test]
fn tensorflow_runs_what_is_not_converted() {
    let cases = cases("tensorflow");
    let graphs = Graphs::new(LiteRt::new(NonZeroUsize::MIN).unwrap());
    let saved_model = support::file("tests/graphs/saved_model");
    let tags = ["serve".to_owned()];

    for (case, operation) in cases.iter().zip(["Exit", "NonMaxSuppressionV3"]) {
        let refusal = answer(&graphs, case).unwrap_err().to_string();
        assert!(refusal.contains(operation) || refusal.contains("control flow"), "{refusal}");
        assert!(refusal.contains("--tensorflow") && refusal.contains("make tensorflow"), "{refusal}");
    }
    let refusal = graphs.load_saved_model(&saved_model, &tags).unwrap_err().to_string();
    assert!(refusal.contains("--tensorflow"), "{refusal}");
    let nowhere = open_tensorflow(Path::new("/nowhere")).unwrap_err().to_string();
    assert!(nowhere.contains("/nowhere") && nowhere.contains("libtensorflow_cc.so.2"), "{nowhere}");

    let folder = support::file(".toolchain/tensorflow");
    if !folder.exists() {
        println!("skipped: `make tensorflow` fetches what this needs");
        return;
    }
    open_tensorflow(&folder).unwrap();
    for case in &cases {
        let expected: Vec<Tensor> = case.outputs.iter().map(tensor).collect();
        match answer(&graphs, case) {
            Ok(values) => assert_eq!(values, expected, "{}", case.name),
            Err(error) => panic!("{}: {error}", case.name),
        }
    }

    let graph = graphs.load_saved_model(&saved_model, &tags).unwrap();
    let end = |operation: &str| Port { operation: operation.to_owned(), index: 0 };
    assert_eq!(graph.placeholders()[0].port, end("x"));
    assert_eq!(graph.placeholders()[0].dimensions, Some(vec![-1, 2]));
    let floats = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let x = Tensor::new(ElementType::F32, vec![1, 2], floats(&[1.0, 2.0])).unwrap();
    let y = graph.run(&[(end("x"), x)], &[end("y")]).unwrap();
    assert_eq!(y, [Tensor::new(ElementType::F32, vec![1, 3], floats(&[9.5, 12.0, 14.5])).unwrap()]);
    let error = graphs.load_saved_model(&saved_model, &["other".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("TensorFlow could not load the saved model"), "{error}");
}

//! Small graphs of every operation that is converted, beside what TensorFlow says of them (tests/graphs/README.md).

use std::num::NonZeroUsize;
use std::rc::Rc;

use support::graphs::{Case, Value, cases};

use super::Graphs;
use crate::inference::backend::Backend;
use crate::inference::error::InferenceError;
use crate::inference::graph::{Graph, Port};
use crate::inference::litert::LiteRt;
use crate::inference::tensor::{ElementType, Tensor};
use crate::inference::verify::verify;

fn port(value: &Value) -> Port {
    Port { operation: value.operation.clone(), index: value.index }
}

fn tensor(value: &Value) -> Tensor {
    let element_type = ElementType::from_tensorflow(value.element_type.into()).unwrap();
    Tensor::new(element_type, value.shape.clone(), value.bytes.clone()).unwrap()
}

fn loaded(graph: &[u8]) -> Result<Rc<dyn Graph>, InferenceError> {
    let graphs = Graphs::new(LiteRt::new(NonZeroUsize::MIN).unwrap());
    graphs.verify(graph)?;
    graphs.load(graph, None)
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.bytes().chunks_exact(4).map(|chunk| f32::from_le_bytes(chunk.try_into().unwrap())).collect()
}

/// The largest difference, relative to values above 1.
fn difference(found: &Tensor, expected: &Tensor) -> f32 {
    let pairs = floats(found).into_iter().zip(floats(expected));
    pairs.map(|(found, expected)| (found - expected).abs() / expected.abs().max(1.0)).fold(0.0, f32::max)
}

/// What differs from TensorFlow's answers.
fn faults(case: &Case) -> Vec<String> {
    let graph = loaded(&case.graph).unwrap();
    let inputs: Vec<(Port, Tensor)> = case.inputs.iter().map(|value| (port(value), tensor(value))).collect();
    let outputs: Vec<Port> = case.outputs.iter().map(port).collect();
    let values = match graph.run(&inputs, &outputs) {
        Ok(values) => values,
        Err(error) => return vec![format!("{}: {error}", case.name)],
    };
    let pairs = values.iter().zip(&case.outputs).filter_map(|(found, named)| {
        let expected = tensor(named);
        let kind = |tensor: &Tensor| (tensor.element_type(), tensor.dimensions().to_vec());
        let fault = if kind(found) != kind(&expected) {
            format!("{:?} instead of {:?}", kind(found), kind(&expected))
        } else if expected.element_type() == ElementType::F32 {
            let difference = difference(found, &expected);
            if difference < 1e-5 {
                return None;
            }
            format!("differs by {difference}")
        } else if found.bytes() == expected.bytes() {
            return None;
        } else {
            "differs".to_owned()
        };
        Some(format!("{} {}: {fault}", case.name, named.operation))
    });
    pairs.collect()
}

#[test]
fn converted_graphs_answer_as_tensorflow_does() {
    let cases = cases("operations");
    assert!(cases.len() > 50, "{}", cases.len());
    let faults: Vec<String> = cases.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn damaged_graphs_become_sound_models_or_none() {
    let cases = cases("operations");
    let mut state = 15_u64;
    let mut random = |limit: usize| {
        // Knuth's multiplier for a linear congruential generator (MMIX).
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let mut sound = 0;
    for _ in 0..100 {
        for case in &cases {
            let mut bytes = case.graph.clone();
            for _ in 0..=random(3) {
                let place = random(bytes.len());
                bytes[place] = random(256) as u8;
            }
            let Ok(graph) = graph::Graph::read(&bytes) else { continue };
            let feeds: Vec<graph::Feed> = case
                .inputs
                .iter()
                .map(|named| graph::Feed {
                    endpoint: graph::Endpoint { operation: named.operation.clone(), index: 0 },
                    element_type: ElementType::from_tensorflow(named.element_type.into()).unwrap(),
                    shape: named.shape.iter().map(|&side| side as usize).collect(),
                })
                .collect();
            let outputs: Vec<graph::Endpoint> = case
                .outputs
                .iter()
                .map(port)
                .map(|port| graph::Endpoint { operation: port.operation, index: port.index as usize })
                .collect();
            if let Ok(graph::Conversion { model: Some(model), .. }) = graph::convert(&graph, &feeds, &outputs)
            {
                verify(&model).unwrap_or_else(|damage| panic!("{}: {damage}", case.name));
                sound += 1;
            }
        }
    }
    assert!(sound > 1000, "{sound}");
}

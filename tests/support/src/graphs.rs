//! TensorFlow graphs with TensorFlow's answers (tests/graphs/README.md).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::project;

/// A graph, what it is fed, and what TensorFlow says of its outputs.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// A `GraphDef`.
    pub graph: Vec<u8>,
    /// What it is fed.
    pub inputs: Vec<Value>,
    /// What is asked of it, with the answers.
    pub outputs: Vec<Value>,
}

/// A tensor of a graph.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its operation.
    pub operation: String,
    /// Which of the operation's outputs.
    pub index: u32,
    /// The number of its `TF_DataType`.
    pub element_type: u32,
    /// Its dimensions.
    pub shape: Vec<i64>,
    /// Its values, little-endian, rows first.
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    graph: String,
    inputs: Vec<Named>,
    outputs: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(rename = "type")]
    element_type: u32,
    shape: Vec<i64>,
    bytes: String,
}

/// The cases of `tests/graphs/NAME.jsonl`.
pub fn cases(name: &str) -> Vec<Case> {
    let text = project::read(&format!("tests/graphs/{name}.jsonl"));
    let text = String::from_utf8(text).unwrap();
    text.lines().map(|line| case(serde_json::from_str(line).unwrap())).collect()
}

fn case(line: Line) -> Case {
    let values = |named: Vec<Named>| named.into_iter().map(value).collect();
    Case {
        name: line.name,
        graph: STANDARD.decode(line.graph).unwrap(),
        inputs: values(line.inputs),
        outputs: values(line.outputs),
    }
}

fn value(named: Named) -> Value {
    let (operation, index) = named.name.split_once(':').unwrap_or((&named.name, "0"));
    Value {
        operation: operation.to_owned(),
        index: index.parse().unwrap(),
        element_type: named.element_type,
        shape: named.shape,
        bytes: STANDARD.decode(named.bytes).unwrap(),
    }
}

//! A graph that became a TensorFlow Lite model, for inputs of certain types and shapes and for certain outputs.

use std::rc::Rc;

use graph::{Conversion, Endpoint, Feed, Fetched, Place};

use crate::inference::backend::{Backend, Model};
use crate::inference::error::InferenceError;
use crate::inference::graph::Port;
use crate::inference::litert::LiteRt;
use crate::inference::tensor::Tensor;

/// What a conversion was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    feeds: Vec<Feed>,
    outputs: Vec<Port>,
}

impl Question {
    /// None where a shape can't be counted.
    pub(super) fn of(inputs: &[(Port, Tensor)], outputs: &[Port]) -> Option<Self> {
        let feed = |(port, tensor): &(Port, Tensor)| {
            let sides = tensor.dimensions().iter().map(|&side| usize::try_from(side).ok());
            Some(Feed {
                endpoint: endpoint(port),
                element_type: tensor.element_type(),
                shape: sides.collect::<Option<_>>()?,
            })
        };
        Some(Self { feeds: inputs.iter().map(feed).collect::<Option<_>>()?, outputs: outputs.to_vec() })
    }
}

fn endpoint(port: &Port) -> Endpoint {
    Endpoint { operation: port.operation.clone(), index: port.index as usize }
}

/// A graph, ready for one kind of question.
#[derive(Debug)]
pub(super) struct Converted {
    /// None where nothing depends on the inputs.
    model: Option<Rc<dyn Model>>,
    inputs: Vec<(usize, String)>,
    outputs: Vec<Fetched>,
}

impl Converted {
    /// Converts the graph in `bytes`. The model is verified like one that came from outside.
    ///
    /// # Errors
    /// [`Failure::Graph`] for what stands in the graph or the question, [`Failure::Runtime`] for LiteRT's reasons.
    pub(super) fn new(bytes: &[u8], question: &Question, litert: &LiteRt) -> Result<Self, Failure> {
        let graph = graph::Graph::read(bytes)?;
        let outputs: Vec<Endpoint> = question.outputs.iter().map(endpoint).collect();
        let Conversion { model, inputs, outputs } = graph::convert(&graph, &question.feeds, &outputs)?;
        let model = match model {
            Some(model) => {
                litert.verify(&model)?;
                Some(litert.take(model)?)
            }
            None => None,
        };
        Ok(Self { model, inputs, outputs })
    }

    /// The values of the outputs; `inputs` are of the types and shapes that it was made for.
    pub(super) fn run(&self, inputs: &[(Port, Tensor)]) -> Result<Vec<Tensor>, InferenceError> {
        let mut session = self.model.as_ref().map(|model| Rc::clone(model).session()).transpose()?;
        if let Some(session) = &mut session {
            for (place, name) in &self.inputs {
                if let Some((_, tensor)) = inputs.get(*place) {
                    let index = session.input_index(name)?;
                    session.set_input(index, tensor.bytes())?;
                }
            }
            session.run()?;
        }
        let values = self.outputs.iter().map(|output| {
            let bytes = match (&output.place, &session) {
                (Place::Constant(bytes), _) => bytes.clone(),
                (Place::Output(name), Some(session)) => session.output(session.output_index(name)?)?.to_vec(),
                (Place::Output(_), None) => Vec::new(),
            };
            tensor(output, bytes)
        });
        values.collect()
    }
}

fn tensor(output: &Fetched, bytes: Vec<u8>) -> Result<Tensor, InferenceError> {
    let sides = output.shape.iter().map(|&side| i64::try_from(side).unwrap_or(i64::MAX)).collect();
    Tensor::new(output.element_type, sides, bytes).ok_or(InferenceError::NotRun)
}

/// Why a graph could not be made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// What stands in the graph, or what was asked of it.
    Graph(graph::GraphError),
    /// What LiteRT says of the model.
    Runtime(InferenceError),
}

impl Failure {
    /// Whether TensorFlow itself might do better.
    pub(super) fn needs_tensorflow(&self) -> bool {
        match self {
            Self::Graph(error) => error.needs_tensorflow(),
            Self::Runtime(_) => true,
        }
    }

    pub(super) fn reason(&self) -> String {
        match self {
            Self::Graph(error) => error.to_string(),
            Self::Runtime(error) => error.to_string(),
        }
    }
}

impl From<graph::GraphError> for Failure {
    fn from(error: graph::GraphError) -> Self {
        Self::Graph(error)
    }
}

impl From<InferenceError> for Failure {
    fn from(error: InferenceError) -> Self {
        Self::Runtime(error)
    }
}

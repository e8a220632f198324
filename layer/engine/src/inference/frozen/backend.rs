//! Frozen graphs as a backend.

use std::cell::{OnceCell, RefCell};
use std::path::Path;
use std::rc::Rc;

use super::converted::{Converted, Failure, Question};
use super::index::Index;
use crate::inference::backend::{Backend, Content};
use crate::inference::error::InferenceError;
use crate::inference::graph::{Graph, GraphBackend, Placeholder, Port};
use crate::inference::litert::{LiteRt, ModelBytes};
use crate::inference::tensor::Tensor;
use crate::inference::tensorflow::{self, TensorFlowGraph};
use crate::sealed_file::SealedPart;

/// Conversions of one graph that are kept: for other shapes of its inputs, or other outputs.
const MAX_CONVERSIONS: usize = 4;

/// What can be had where a graph can't be converted.
const HOW_TO_GET_TENSORFLOW: &str = "TensorFlow itself may run it: --tensorflow PATH, with the folder of its libraries (`make tensorflow` fetches them)";

/// Runs frozen graphs as TensorFlow Lite models.
#[derive(Debug)]
pub struct Graphs {
    litert: LiteRt,
}

impl Graphs {
    /// Graphs whose models run by `litert`.
    pub fn new(litert: LiteRt) -> Self {
        Self { litert }
    }
}

impl Backend<dyn Graph> for Graphs {
    fn verify(&self, bytes: &[u8]) -> Result<(), InferenceError> {
        graph::Graph::read(bytes).map(drop).map_err(|error| not_a_graph(&error))
    }

    fn load(&self, bytes: &[u8], part: Option<SealedPart>) -> Result<Rc<dyn Graph>, InferenceError> {
        let index = Index::of(&graph::Graph::read(bytes).map_err(|error| not_a_graph(&error))?);
        Ok(Rc::new(FrozenGraph {
            bytes: ModelBytes::new(bytes, part),
            index,
            litert: self.litert.clone(),
            answers: RefCell::new(Vec::new()),
            tensorflow: OnceCell::new(),
        }))
    }
}

impl GraphBackend for Graphs {
    fn load_saved_model(&self, folder: &Path, tags: &[String]) -> Result<Rc<dyn Graph>, InferenceError> {
        if let Some(functions) = tensorflow::loaded() {
            let graph = TensorFlowGraph::of_saved_model(functions, folder, tags, self.litert.threads())?;
            return Ok(Rc::new(SavedModel(graph)));
        }
        let reason = format!("saved models are not converted; {HOW_TO_GET_TENSORFLOW}");
        tracing::warn!("the module asked for a saved model: {reason}");
        Err(InferenceError::CannotRun { reason })
    }
}

fn not_a_graph(error: &graph::GraphError) -> InferenceError {
    InferenceError::NotAModel { format: "TensorFlow", reason: error.to_string() }
}

/// What was asked of a graph, and what was made for that.
type Answer = (Question, Result<Rc<Converted>, Failure>);

/// A frozen graph, with the models that were made of it: the latest used first.
#[derive(Debug)]
struct FrozenGraph {
    bytes: ModelBytes,
    index: Index,
    litert: LiteRt,
    answers: RefCell<Vec<Answer>>,
    /// What TensorFlow made of it, where it was needed.
    tensorflow: OnceCell<Result<TensorFlowGraph, InferenceError>>,
}

impl Content for FrozenGraph {
    fn bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    fn part(&self) -> Option<&SealedPart> {
        self.bytes.part()
    }
}

impl Graph for FrozenGraph {
    fn placeholders(&self) -> Vec<Placeholder> {
        self.index.placeholders.clone()
    }

    fn results(&self) -> Vec<Port> {
        self.index.results.clone()
    }

    fn has(&self, port: &Port) -> bool {
        self.index.has(port)
    }

    fn run(&self, inputs: &[(Port, Tensor)], outputs: &[Port]) -> Result<Vec<Tensor>, InferenceError> {
        let Some(question) = Question::of(inputs, outputs) else { return Err(InferenceError::NotRun) };
        match self.converted(question) {
            Ok(converted) => converted.run(inputs),
            Err(failure) if failure.needs_tensorflow() => match self.by_tensorflow() {
                Some(graph) => graph.as_ref().map_err(Clone::clone)?.run(inputs, outputs),
                None => Err(explained(failure)),
            },
            Err(failure) => Err(explained(failure)),
        }
    }
}

impl FrozenGraph {
    /// The graph as TensorFlow has read it; None where there is no TensorFlow.
    fn by_tensorflow(&self) -> Option<&Result<TensorFlowGraph, InferenceError>> {
        let functions = tensorflow::loaded()?;
        let read = || TensorFlowGraph::read(functions, self.bytes.as_slice(), self.litert.threads());
        let graph = self.tensorflow.get_or_init(read);
        self.bytes.leave_untouched();
        Some(graph)
    }

    /// The model for that question, made if there is none yet. A refusal is kept, too.
    fn converted(&self, question: Question) -> Result<Rc<Converted>, Failure> {
        let mut answers = self.answers.borrow_mut();
        if let Some(known) = answers.iter().position(|(asked, _)| *asked == question) {
            let answer = answers.remove(known);
            answers.insert(0, answer);
        } else {
            let made = Converted::new(self.bytes.as_slice(), &question, &self.litert).map(Rc::new);
            self.bytes.leave_untouched();
            if let Err(failure) = &made {
                tell(failure);
            }
            answers.insert(0, (question, made));
            answers.truncate(MAX_CONVERSIONS);
        }
        match answers.first() {
            Some((_, made)) => made.clone(),
            None => Err(Failure::Runtime(InferenceError::NotRun)),
        }
    }
}

/// The guest only gets a number.
fn tell(failure: &Failure) {
    if failure.needs_tensorflow() && tensorflow::loaded().is_some() {
        tracing::info!("TensorFlow itself runs a graph: {}", failure.reason());
    } else if failure.needs_tensorflow() {
        tracing::warn!("a TensorFlow graph can't be run: {}; {HOW_TO_GET_TENSORFLOW}", failure.reason());
    } else {
        tracing::warn!("a TensorFlow graph can't be run: {}", failure.reason());
    }
}

fn explained(failure: Failure) -> InferenceError {
    let needs_tensorflow = failure.needs_tensorflow();
    match failure {
        Failure::Graph(graph::GraphError::MissingInput(name)) => InferenceError::InputNotSet(name),
        failure if needs_tensorflow => {
            InferenceError::CannotRun { reason: format!("{}; {HOW_TO_GET_TENSORFLOW}", failure.reason()) }
        }
        Failure::Graph(error) => InferenceError::CannotRun { reason: error.to_string() },
        Failure::Runtime(error) => error,
    }
}

/// A saved model, which only TensorFlow runs.
#[derive(Debug)]
struct SavedModel(TensorFlowGraph);

impl Content for SavedModel {
    /// None: it is read anew for each session, whose variables it keeps.
    fn bytes(&self) -> &[u8] {
        &[]
    }

    fn part(&self) -> Option<&SealedPart> {
        None
    }
}

impl Graph for SavedModel {
    fn placeholders(&self) -> Vec<Placeholder> {
        self.0.placeholders()
    }

    fn results(&self) -> Vec<Port> {
        self.0.results()
    }

    fn has(&self, port: &Port) -> bool {
        self.0.has(port)
    }

    fn run(&self, inputs: &[(Port, Tensor)], outputs: &[Port]) -> Result<Vec<Tensor>, InferenceError> {
        self.0.run(inputs, outputs)
    }
}

//! What host functions ask of whatever runs TensorFlow graphs, and their sessions.

use std::fmt::Debug;
use std::path::Path;
use std::rc::Rc;

use super::backend::{Backend, Content};
use super::error::InferenceError;
use super::tensor::{ElementType, Tensor};

/// An output of an operation in a graph. What is fed takes the place of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// The operation's name.
    pub operation: String,
    /// Which of its outputs.
    pub index: u32,
}

/// Something that a graph wants to be fed: a `Placeholder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Its only output.
    pub port: Port,
    /// The type of its elements; None for those that [`ElementType`] does not know.
    pub element_type: Option<ElementType>,
    /// Its dimensions, -1 for one that may have any size; None where their number is not told either.
    pub dimensions: Option<Vec<i64>>,
}

/// A TensorFlow graph that is ready to run. Whatever it keeps from run to run (what was made ready, for which inputs
/// and outputs) tells nothing of the values of a run.
pub trait Graph: Content {
    /// What it wants to be fed, in the order of the graph.
    fn placeholders(&self) -> Vec<Placeholder>;

    /// The first outputs of the operations that no other one uses, in the order of the graph.
    fn results(&self) -> Vec<Port>;

    /// Whether it has an operation with this output.
    fn has(&self, port: &Port) -> bool;

    /// The values of `outputs`, in their order, where `inputs` are these. No two inputs have one port.
    ///
    /// # Errors
    /// [`InferenceError::InputNotSet`], [`InferenceError::UnknownTensor`], [`InferenceError::CannotRun`], or the library's
    /// reason.
    fn run(&self, inputs: &[(Port, Tensor)], outputs: &[Port]) -> Result<Vec<Tensor>, InferenceError>;
}

/// What reads and runs TensorFlow graphs: frozen ones, by [`Backend::load`], and saved models.
pub trait GraphBackend: Backend<dyn Graph> {
    /// Makes the saved model in this folder ready to run, the graph with these tags.
    ///
    /// # Errors
    /// [`InferenceError::NotAModel`], [`InferenceError::CannotRun`], or the library's reason.
    fn load_saved_model(&self, folder: &Path, tags: &[String]) -> Result<Rc<dyn Graph>, InferenceError>;
}

/// One use of a graph: what it is fed, what it is asked for, a run, and what came of it.
#[derive(Debug)]
pub struct GraphSession {
    graph: Rc<dyn Graph>,
    inputs: Vec<(Port, Tensor)>,
    outputs: Vec<Port>,
    /// As many as there were outputs at the last run.
    values: Vec<Tensor>,
}

impl GraphSession {
    /// A session with neither inputs nor outputs.
    pub fn new(graph: Rc<dyn Graph>) -> Self {
        Self { graph, inputs: Vec::new(), outputs: Vec::new(), values: Vec::new() }
    }

    /// What it is a use of.
    pub fn graph(&self) -> &dyn Graph {
        &*self.graph
    }

    /// How many inputs are set.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Which outputs are asked for.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Feeds `value` in place of `port`, also of another value that was fed there.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`].
    pub fn set_input(&mut self, port: Port, value: Tensor) -> Result<(), InferenceError> {
        self.check("input", &port)?;
        match self.inputs.iter_mut().find(|(fed, _)| *fed == port) {
            Some((_, fed)) => *fed = value,
            None => self.inputs.push((port, value)),
        }
        Ok(())
    }

    /// Asks for `port`, once only; the number of the output.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`].
    pub fn add_output(&mut self, port: Port) -> Result<usize, InferenceError> {
        if let Some(asked) = self.outputs.iter().position(|asked| *asked == port) {
            return Ok(asked);
        }
        self.check("output", &port)?;
        self.outputs.push(port);
        Ok(self.outputs.len() - 1)
    }

    /// Feeds nothing any more.
    pub fn clear_inputs(&mut self) {
        self.inputs.clear();
    }

    /// Asks for nothing any more; also what a run has told is gone.
    pub fn clear_outputs(&mut self) {
        self.outputs.clear();
        self.values.clear();
    }

    /// Runs the graph; may be repeated.
    ///
    /// # Errors
    /// As [`Graph::run`].
    pub fn run(&mut self) -> Result<(), InferenceError> {
        self.values.clear();
        self.values = self.graph.run(&self.inputs, &self.outputs)?;
        Ok(())
    }

    /// The value of the output with this number; None before a run, and where it was asked for afterwards.
    pub fn value(&self, output: usize) -> Option<&Tensor> {
        self.values.get(output)
    }

    fn check(&self, role: &'static str, port: &Port) -> Result<(), InferenceError> {
        if self.graph.has(port) {
            return Ok(());
        }
        let Port { operation, index } = port;
        let wanted = format!("\"{operation}:{index}\"");
        Err(InferenceError::UnknownTensor { role, wanted, known: "no operation with this output".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealed_file::SealedPart;

    /// `sum` is what was fed at `a` and `b`, one byte each, added.
    #[derive(Debug)]
    struct Sum;

    impl Content for Sum {
        fn bytes(&self) -> &[u8] {
            b"a graph"
        }

        fn part(&self) -> Option<&SealedPart> {
            None
        }
    }

    impl Graph for Sum {
        fn placeholders(&self) -> Vec<Placeholder> {
            Vec::new()
        }

        fn results(&self) -> Vec<Port> {
            vec![port("sum", 0)]
        }

        fn has(&self, port: &Port) -> bool {
            ["a", "b", "sum"].contains(&port.operation.as_str()) && port.index == 0
        }

        fn run(&self, inputs: &[(Port, Tensor)], outputs: &[Port]) -> Result<Vec<Tensor>, InferenceError> {
            let sum = inputs.iter().map(|(_, value)| value.bytes()[0]).sum();
            Ok(outputs.iter().map(|_| value(sum)).collect())
        }
    }

    fn port(operation: &str, index: u32) -> Port {
        Port { operation: operation.to_owned(), index }
    }

    fn value(byte: u8) -> Tensor {
        Tensor::new(ElementType::U8, vec![], vec![byte]).unwrap()
    }

    #[test]
    fn a_session_keeps_the_last_value_of_an_input_and_asks_once_for_an_output() {
        let mut session = GraphSession::new(Rc::new(Sum));
        session.set_input(port("a", 0), value(1)).unwrap();
        session.set_input(port("b", 0), value(2)).unwrap();
        session.set_input(port("a", 0), value(3)).unwrap();
        assert_eq!(session.add_output(port("sum", 0)), Ok(0));
        assert_eq!(session.add_output(port("sum", 0)), Ok(0));
        assert_eq!(session.value(0), None, "not run yet");
        session.run().unwrap();
        assert_eq!(session.value(0), Some(&value(5)));
        assert_eq!(session.add_output(port("b", 0)), Ok(1));
        assert_eq!(session.value(1), None, "asked for after the run");
        session.clear_inputs();
        session.run().unwrap();
        assert_eq!(session.value(1), Some(&value(0)));
        session.clear_outputs();
        assert_eq!(session.value(0), None);
        assert!(session.outputs().is_empty());
    }

    #[test]
    fn ports_that_the_graph_does_not_have_are_named() {
        let mut session = GraphSession::new(Rc::new(Sum));
        let message = session.set_input(port("c", 1), value(1)).unwrap_err().to_string();
        assert_eq!(message, "no input \"c:1\"; the model has no operation with this output");
        let message = session.add_output(port("sum", 1)).unwrap_err().to_string();
        assert_eq!(message, "no output \"sum:1\"; the model has no operation with this output");
    }
}

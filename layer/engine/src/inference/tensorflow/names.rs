//! The operations of a graph that TensorFlow has read.

use std::ffi::{CStr, c_char, c_int};

use super::functions::{Functions, Handle, Output};
use super::status::Status;
use crate::inference::graph::{Placeholder, Port};
use crate::inference::tensor::ElementType;

/// A graph's operations.
#[derive(Debug)]
pub(super) struct Names<'g> {
    functions: &'static Functions,
    /// `TF_Graph`, which is alive.
    graph: &'g Handle,
}

impl<'g> Names<'g> {
    /// Those of a graph that is alive.
    pub(super) fn of(functions: &'static Functions, graph: &'g Handle) -> Self {
        Self { functions, graph }
    }

    fn operations(&self) -> Vec<Handle> {
        let mut position = 0;
        let mut operations = Vec::new();
        loop {
            // SAFETY: the graph is alive, and the position is the last call's.
            let operation = unsafe { (self.functions.TF_GraphNextOperation)(*self.graph, &raw mut position) };
            if operation.is_null() {
                return operations;
            }
            operations.push(operation);
        }
    }

    /// Whether an operation's kind has one of these in its name, or may be anything, in a function.
    pub(super) fn keeps_values(&self, parts: &[&str]) -> bool {
        // SAFETY: the graph is alive.
        let functions = unsafe { (self.functions.TF_GraphNumFunctions)(*self.graph) };
        functions > 0
            || self.operations().into_iter().any(|operation| {
                let kind = self.kind(operation);
                parts.iter().any(|part| kind.contains(part))
            })
    }

    /// What it wants to be fed.
    pub(super) fn placeholders(&self) -> Vec<Placeholder> {
        let operations = self.operations().into_iter();
        operations
            .filter(|&operation| self.kind(operation) == "Placeholder")
            .map(|operation| {
                let output = Output { operation, index: 0 };
                // SAFETY: the operation is alive and has one output.
                let element_type = unsafe { (self.functions.TF_OperationOutputType)(output) };
                Placeholder {
                    port: self.port(operation),
                    element_type: ElementType::from_tensorflow(element_type.into()),
                    dimensions: self.dimensions(output),
                }
            })
            .collect()
    }

    /// The first outputs of the operations that no other one uses.
    pub(super) fn results(&self) -> Vec<Port> {
        let is_result = |&operation: &Handle| {
            // SAFETY: the operation is alive; an output is asked for that it has.
            let consumers = unsafe {
                let outputs = (self.functions.TF_OperationNumOutputs)(operation);
                let consumers = |index: c_int| {
                    (self.functions.TF_OperationOutputNumConsumers)(Output { operation, index })
                };
                (outputs > 0).then(|| (0..outputs).map(consumers).sum::<c_int>())
            };
            consumers == Some(0) && self.kind(operation) != "Const"
        };
        self.operations().into_iter().filter(is_result).map(|operation| self.port(operation)).collect()
    }

    fn dimensions(&self, output: Output) -> Option<Vec<i64>> {
        let status = Status::new(self.functions);
        // SAFETY: graph, output and status are alive.
        let rank = unsafe { (self.functions.TF_GraphGetTensorNumDims)(*self.graph, output, status.handle) };
        let mut dimensions = vec![0; usize::try_from(rank).ok()?];
        // SAFETY: as above; there is a place for each dimension.
        unsafe {
            (self.functions.TF_GraphGetTensorShape)(
                *self.graph,
                output,
                dimensions.as_mut_ptr(),
                rank,
                status.handle,
            );
        }
        status.check("read a shape").ok().map(|()| dimensions)
    }

    fn port(&self, operation: Handle) -> Port {
        // SAFETY: the operation is alive, and so is its name.
        Port { operation: unsafe { text((self.functions.TF_OperationName)(operation)) }, index: 0 }
    }

    fn kind(&self, operation: Handle) -> String {
        // SAFETY: as above.
        unsafe { text((self.functions.TF_OperationOpType)(operation)) }
    }
}

/// # Safety
/// The text ends with NUL, or is null.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

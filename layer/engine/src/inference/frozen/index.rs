//! What host functions ask of a graph before it runs.

use std::collections::HashMap;

use crate::inference::graph::{Placeholder, Port};

/// Names of a graph's operations, of its inputs and of its results.
#[derive(Debug)]
pub(super) struct Index {
    /// Each operation, and whether it is known to have one output only.
    operations: HashMap<String, bool>,
    pub(super) placeholders: Vec<Placeholder>,
    pub(super) results: Vec<Port>,
}

/// More outputs than any operation that is asked for.
const MAX_OUTPUTS: u32 = 1_024;

impl Index {
    pub(super) fn of(graph: &graph::Graph<'_>) -> Self {
        let placeholders = graph.placeholders().into_iter().map(|found| Placeholder {
            port: Port { operation: found.name, index: 0 },
            element_type: found.element_type,
            dimensions: found.sides,
        });
        let results =
            graph.results().into_iter().map(|name| Port { operation: name.to_owned(), index: 0 }).collect();
        let operations = graph.outputs().map(|(name, is_single)| (name.to_owned(), is_single)).collect();
        Self { operations, placeholders: placeholders.collect(), results }
    }

    pub(super) fn has(&self, port: &Port) -> bool {
        self.operations
            .get(&port.operation)
            .is_some_and(|&is_single| port.index < if is_single { 1 } else { MAX_OUTPUTS })
    }
}

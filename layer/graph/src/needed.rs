//! Which operations the outputs need, in an order in which each comes after those that it reads.

use std::collections::{HashMap, HashSet};

use crate::error::{GraphError, short};
use crate::graph_def::{Graph, Source};
use crate::lower;

/// What has to be converted.
#[derive(Debug)]
pub(crate) struct Needed {
    /// Operations by number, each after those that it reads.
    pub(crate) order: Vec<usize>,
    /// How often each output is read.
    pub(crate) uses: HashMap<Source, usize>,
}

/// Follows the inputs back from `outputs`, up to what is `fed`.
pub(crate) fn needed(
    graph: &Graph<'_>,
    outputs: &[Source],
    fed: &HashSet<Source>,
) -> Result<Needed, GraphError> {
    let mut uses = HashMap::new();
    let mut order = Vec::new();
    let mut state = vec![State::New; graph.len()];
    for output in outputs {
        // The caller reads it, too: it stays what it is.
        *uses.entry(*output).or_insert(0) += 2;
        if !fed.contains(output) {
            visit(graph, output.node, fed, &mut state, &mut order, &mut uses)?;
        }
    }
    Ok(Needed { order, uses })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// A depth-first search, without calls: a chain of operations may be long.
fn visit(
    graph: &Graph<'_>,
    start: usize,
    fed: &HashSet<Source>,
    state: &mut [State],
    order: &mut Vec<usize>,
    uses: &mut HashMap<Source, usize>,
) -> Result<(), GraphError> {
    let mut open: Vec<(usize, usize)> = Vec::new();
    enter(graph, start, state, &mut open)?;
    while let Some((number, next)) = open.last_mut() {
        let node = graph.node(*number)?;
        let Some(input) = node.inputs.get(*next) else {
            if let Some(state) = state.get_mut(*number) {
                *state = State::Done;
            }
            order.push(*number);
            open.pop();
            continue;
        };
        *next += 1;
        let source = graph.source(input)?;
        *uses.entry(source).or_insert(0) += 1;
        if !fed.contains(&source) {
            enter(graph, source.node, state, &mut open)?;
        }
    }
    Ok(())
}

fn enter(
    graph: &Graph<'_>,
    number: usize,
    state: &mut [State],
    open: &mut Vec<(usize, usize)>,
) -> Result<(), GraphError> {
    let node = graph.node(number)?;
    match state.get_mut(number) {
        Some(state @ State::New) => *state = State::Open,
        Some(State::Open) => {
            let reason = format!("operation {:?} depends on itself", short(node.name));
            return Err(GraphError::NotAGraph(reason));
        }
        Some(State::Done) | None => return Ok(()),
    }
    // Told before any work is done, and before a loop looks like a mistake.
    if let Some(reason) = lower::refusal(node.operation) {
        let (operation, node) = (short(node.operation), short(node.name));
        return Err(GraphError::Unsupported { operation, node, reason: reason.to_owned() });
    }
    open.push((number, 0));
    Ok(())
}

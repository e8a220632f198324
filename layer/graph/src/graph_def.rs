//! A `GraphDef`: its operations and where their inputs come from (`tensorflow/core/framework/graph.proto`, `node_def.proto`).

use std::collections::HashMap;

use crate::attributes::Attributes;
use crate::error::{GraphError, short, too_large};
use crate::limits::{MAX_EDGES, MAX_NODES};
use crate::wire::{Fields, damage};

/// A graph that was read; weights stay where they are.
#[derive(Debug)]
pub struct Graph<'g> {
    nodes: Vec<Node<'g>>,
    by_name: HashMap<&'g str, usize>,
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Node<'g> {
    pub(crate) name: &'g str,
    pub(crate) operation: &'g str,
    /// Where its data comes from: `name`, `name:1`; those that only set an order (`^name`) are left out.
    pub(crate) inputs: Vec<&'g str>,
    pub(crate) attributes: Attributes<'g>,
}

/// An output of an operation, by the operation's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The operation.
    pub operation: String,
    /// Which of its outputs.
    pub index: usize,
}

/// An output of an operation, by the operation's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    pub(crate) node: usize,
    pub(crate) index: usize,
}

impl<'g> Graph<'g> {
    /// Finds the operations of a graph in `bytes`.
    ///
    /// # Errors
    /// [`GraphError::NotAGraph`] and [`GraphError::TooLarge`].
    pub fn read(bytes: &'g [u8]) -> Result<Self, GraphError> {
        let mut nodes: Vec<Node<'g>> = Vec::new();
        let mut by_name = HashMap::new();
        let mut edges_left = MAX_EDGES;
        for field in Fields::of(bytes) {
            let (1, node) = field? else { continue };
            let node = Node::read(node.bytes(), &mut edges_left)?;
            if by_name.insert(node.name, nodes.len()).is_some() {
                return Err(damage(&format!("two operations are called {:?}", short(node.name))));
            }
            nodes.push(node);
            if nodes.len() > MAX_NODES {
                return Err(too_large("operations of a graph", nodes.len(), MAX_NODES));
            }
        }
        if nodes.is_empty() {
            return Err(damage("it has no operations"));
        }
        Ok(Self { nodes, by_name })
    }

    /// Whether it has an operation of that name.
    pub fn has_operation(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The names and kinds of its operations, in the order of the file.
    pub fn operations(&self) -> impl Iterator<Item = (&'g str, &'g str)> + '_ {
        self.nodes.iter().map(|node| (node.name, node.operation))
    }

    pub(crate) fn node(&self, number: usize) -> Result<&Node<'g>, GraphError> {
        self.nodes.get(number).ok_or_else(|| damage("an operation is missing"))
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Finds an output by the name of its operation.
    pub(crate) fn find(&self, endpoint: &Endpoint) -> Result<Source, GraphError> {
        let node = self.by_name.get(endpoint.operation.as_str()).copied();
        let node = node.ok_or_else(|| GraphError::UnknownOperation(short(&endpoint.operation)))?;
        Ok(Source { node, index: endpoint.index })
    }

    /// Where an operation's input comes from: `name` or `name:index`.
    pub(crate) fn source(&self, input: &str) -> Result<Source, GraphError> {
        let (name, index) = match input.rsplit_once(':') {
            Some((name, index)) => match index.parse() {
                Ok(index) => (name, index),
                Err(_) => return Err(GraphError::UnknownOperation(short(input))),
            },
            None => (input, 0),
        };
        let node = self.by_name.get(name).copied();
        let node = node.ok_or_else(|| GraphError::UnknownOperation(short(name)))?;
        Ok(Source { node, index })
    }
}

impl<'g> Node<'g> {
    fn read(bytes: &'g [u8], edges_left: &mut usize) -> Result<Self, GraphError> {
        let (mut name, mut operation, mut inputs) = ("", "", Vec::new());
        for field in Fields::of(bytes) {
            match field? {
                (1, field) => name = field.text()?,
                (2, field) => operation = field.text()?,
                (3, field) => {
                    let Some(left) = edges_left.checked_sub(1) else {
                        return Err(too_large("inputs of all operations", MAX_EDGES + 1, MAX_EDGES));
                    };
                    *edges_left = left;
                    let input = field.text()?;
                    if !input.starts_with('^') {
                        inputs.push(input);
                    }
                }
                _ => {}
            }
        }
        if name.is_empty() || operation.is_empty() {
            return Err(damage("an operation has no name or no kind"));
        }
        Ok(Self { name, operation, inputs, attributes: Attributes::of(bytes) })
    }
}

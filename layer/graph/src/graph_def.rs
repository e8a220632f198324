//! A `GraphDef`: its operations and where their inputs come from (`tensorflow/core/framework/graph.proto`, `node_def.proto`).

use std::collections::{HashMap, HashSet};

use crate::attributes::Attributes;
use crate::element_type::ElementType;
use crate::error::{GraphError, short, too_large};
use crate::limits::{MAX_EDGES, MAX_NODES};
use crate::lower;
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

/// Something that a graph wants to be fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// The operation's name.
    pub name: String,
    /// Its elements; None for texts and the like.
    pub element_type: Option<ElementType>,
    /// Its sides, -1 for any; None where their number is free, too.
    pub sides: Option<Vec<i64>>,
}

impl<'g> Graph<'g> {
    /// What it wants to be fed, in its order.
    pub fn placeholders(&self) -> Vec<Placeholder> {
        let placeholders =
            self.nodes.iter().filter(|node| ["Placeholder", "PlaceholderV2"].contains(&node.operation));
        placeholders
            .map(|node| Placeholder {
                name: node.name.to_owned(),
                element_type: node.attributes.element_type("dtype").ok().flatten(),
                sides: node.attributes.sides("shape").ok().flatten(),
            })
            .collect()
    }

    /// Operations whose outputs no other one reads, in its order; neither constants nor what has no output.
    pub fn results(&self) -> Vec<&'g str> {
        let inputs = self.nodes.iter().flat_map(|node| &node.inputs);
        let read: HashSet<usize> = inputs.filter_map(|input| Some(self.source(input).ok()?.node)).collect();
        let is_result = |(number, node): &(usize, &Node<'g>)| {
            !read.contains(number) && !["Const", "NoOp", "Assert"].contains(&node.operation)
        };
        self.nodes.iter().enumerate().filter(is_result).map(|(_, node)| node.name).collect()
    }

    /// Each operation, and whether it is known to have one output only.
    pub fn outputs(&self) -> impl Iterator<Item = (&'g str, bool)> + '_ {
        self.nodes.iter().map(|node| (node.name, lower::has_one_output(node.operation)))
    }
}

//! From a graph, inputs and outputs to a model.

use std::collections::{HashMap, HashSet};

use crate::constant::Constant;
use crate::element_type::ElementType;
use crate::error::{Fault, GraphError, short, too_large};
use crate::fold::{self, Budget};
use crate::graph_def::{Endpoint, Graph, Node, Source};
use crate::limits::MAX_FOLDED_BYTES;
use crate::lower::{self, Step};
use crate::model::Model;
use crate::needed::needed;
use crate::shape::byte_size;
use crate::value::{Operand, Value};

/// An input that will be given: which one, its type and its shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feed {
    /// The output of an operation that it takes the place of, mostly that of a `Placeholder`.
    pub endpoint: Endpoint,
    /// Its elements.
    pub element_type: ElementType,
    /// Its sides; none for a scalar.
    pub shape: Vec<usize>,
}

/// What became of a graph.
#[derive(Debug)]
pub struct Conversion {
    /// A TensorFlow Lite model; None where nothing has to be computed.
    pub model: Option<Vec<u8>>,
    /// For each of the model's inputs, which of the given ones it is, and its name in the model.
    pub inputs: Vec<(usize, String)>,
    /// Where each of the wanted outputs is, in their order.
    pub outputs: Vec<Fetched>,
}

/// Where an output is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its elements.
    pub element_type: ElementType,
    /// Its sides.
    pub shape: Vec<usize>,
    /// Which output of the model it is, or its values.
    pub place: Place,
}

/// Where the values of an output are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The model's output of that name.
    Output(String),
    /// They don't depend on the inputs: here they are.
    Constant(Vec<u8>),
}

/// Converts what `outputs` need of `graph`, for inputs of these types and shapes.
///
/// # Errors
/// See [`GraphError`]; [`GraphError::needs_tensorflow`] tells which graphs TensorFlow itself might run.
pub fn convert(graph: &Graph<'_>, feeds: &[Feed], outputs: &[Endpoint]) -> Result<Conversion, GraphError> {
    let fed: Vec<Source> = feeds.iter().map(|feed| graph.find(&feed.endpoint)).collect::<Result<_, _>>()?;
    let wanted: Vec<Source> = outputs.iter().map(|output| graph.find(output)).collect::<Result<_, _>>()?;
    let needed = needed(graph, &wanted, &fed.iter().copied().collect::<HashSet<_>>())?;
    let mut converter = Converter {
        graph,
        uses: needed.uses,
        values: HashMap::new(),
        model: Model::default(),
        budget: Budget::default(),
        constants_left: MAX_FOLDED_BYTES,
    };
    let mut inputs = Vec::new();
    for (number, (source, feed)) in fed.iter().zip(feeds).enumerate() {
        // Where one is given twice, the later one counts.
        let is_last = fed.iter().skip(number + 1).all(|later| later != source);
        if is_last && converter.uses.contains_key(source) {
            converter.feed(*source, feed)?;
            inputs.push(number);
        }
    }
    for number in needed.order {
        converter.node(number)?;
    }
    converter.finish(&inputs, &wanted, outputs)
}

struct Converter<'c, 'g> {
    graph: &'c Graph<'g>,
    uses: HashMap<Source, usize>,
    values: HashMap<Source, Value<'g>>,
    model: Model<'g>,
    budget: Budget,
    /// Bytes of constants that may still be made of few values.
    constants_left: usize,
}

impl<'g> Converter<'_, 'g> {
    fn feed(&mut self, source: Source, feed: &Feed) -> Result<(), GraphError> {
        let node = self.graph.node(source.node)?;
        let name = || short(&feed.endpoint.operation);
        if node.operation.starts_with("Placeholder")
            && let Some(expected) = node.attributes.element_type("dtype")?
            && expected != feed.element_type
        {
            return Err(GraphError::WrongType { name: name(), expected, found: feed.element_type });
        }
        if byte_size(&feed.shape, feed.element_type)? == 0 {
            return Err(GraphError::Unsupported {
                operation: short(node.operation),
                node: name(),
                reason: "it has no elements".to_owned(),
            });
        }
        let tensor = self.model.input(feed.element_type, feed.shape.clone())?;
        self.values.insert(source, Value::computed(tensor));
        Ok(())
    }

    fn node(&mut self, number: usize) -> Result<(), GraphError> {
        let node = self.graph.node(number)?;
        let outputs = self.outputs(node).map_err(|fault| {
            let (name, operation) = (short(node.name), short(node.operation));
            match fault {
                Fault::Invalid(reason) => GraphError::Invalid { node: name, operation, reason },
                Fault::Unsupported(reason) => GraphError::Unsupported { operation, node: name, reason },
                Fault::Other(error) => error,
            }
        })?;
        for (index, value) in outputs.into_iter().enumerate() {
            // What was fed takes the place of what would be computed.
            self.values.entry(Source { node: number, index }).or_insert(value);
        }
        Ok(())
    }

    fn outputs(&mut self, node: &Node<'g>) -> Result<Vec<Value<'g>>, Fault> {
        if node.operation == "Const" {
            let Some(tensor) = node.attributes.tensor("value")? else {
                return Err(Fault::Invalid("it has no value".to_owned()));
            };
            return Ok(vec![Value::Constant(Constant::read(tensor, &mut self.constants_left)?)]);
        }
        if node.operation.starts_with("Placeholder") && node.inputs.is_empty() {
            return Err(GraphError::MissingInput(short(node.name)).into());
        }
        let operands = self.operands(node)?;
        let mut step = Step { attributes: node.attributes, operands, model: &mut self.model };
        if let Some(values) = fold::fold(node.operation, &step, &mut self.budget)? {
            return Ok(values.into_iter().map(Value::Constant).collect());
        }
        lower::lower(node.operation, &mut step)
    }

    fn operands(&self, node: &Node<'g>) -> Result<Vec<Operand<'g>>, Fault> {
        node.inputs
            .iter()
            .map(|input| {
                let source = self.graph.source(input)?;
                let value = self.value(source)?;
                let is_once = self.uses.get(&source).is_none_or(|&uses| uses < 2);
                let is_shared = matches!(value, Value::Computed { is_shared: true, .. });
                Ok(Operand { value, is_exclusive: is_once && !is_shared })
            })
            .collect()
    }

    fn value(&self, source: Source) -> Result<Value<'g>, GraphError> {
        self.values.get(&source).cloned().ok_or_else(|| {
            let name = self.graph.node(source.node).map_or("", |node| node.name);
            GraphError::UnknownOutput { name: short(name), index: source.index }
        })
    }

    fn finish(
        mut self,
        inputs: &[usize],
        wanted: &[Source],
        endpoints: &[Endpoint],
    ) -> Result<Conversion, GraphError> {
        const MAX_OUTPUTS: usize = 64;
        if endpoints.len() > MAX_OUTPUTS {
            return Err(too_large("outputs", endpoints.len(), MAX_OUTPUTS));
        }
        let mut tensors = Vec::new();
        let mut outputs = Vec::new();
        for source in wanted {
            outputs.push(match self.value(*source)? {
                Value::Constant(constant) => Fetched {
                    element_type: constant.element_type,
                    place: Place::Constant(constant.bytes.as_slice().to_vec()),
                    shape: constant.shape,
                },
                Value::Computed { tensor, .. } => {
                    let tensor = self.model.output(tensor)?;
                    let number = tensors.iter().position(|&other| other == tensor).unwrap_or_else(|| {
                        tensors.push(tensor);
                        tensors.len() - 1
                    });
                    let (element_type, shape) = self.model.kind(tensor)?;
                    Fetched {
                        element_type,
                        shape: shape.to_vec(),
                        place: Place::Output(format!("o{number}")),
                    }
                }
            });
        }
        if tensors.is_empty() {
            return Ok(Conversion { model: None, inputs: Vec::new(), outputs });
        }
        let written = self.model.write(&tensors)?;
        let name = |read: usize| Some((*inputs.get(read)?, format!("i{read}")));
        let inputs = written.inputs.iter().filter_map(|&read| name(read)).collect();
        Ok(Conversion { model: Some(written.bytes), inputs, outputs })
    }
}

//! What WASI-NN's graphs and execution contexts are over models of both formats: inputs and outputs go by number.

use std::borrow::Cow;
use std::rc::Rc;

use super::errno::Errno;
use crate::inference::{ElementType, Graph, GraphSession, InferenceError, Model, Session, Tensor, byte_size};

/// A model that was loaded.
#[derive(Debug)]
pub(super) enum NnGraph {
    Lite(Rc<dyn Model>),
    TensorFlow(Rc<dyn Graph>),
}

/// One use of a model.
#[derive(Debug)]
pub(super) enum NnContext {
    Lite {
        session: Box<dyn Session>,
        /// Which inputs were set.
        set: Vec<bool>,
    },
    /// Its inputs are the graph's placeholders, its outputs what no other operation uses.
    TensorFlow(GraphSession),
}

/// A tensor as a guest passes it.
pub(super) struct Fed<'m> {
    pub(super) dimensions: Vec<i64>,
    /// In one of two numberings: see [`is_number_of`].
    pub(super) type_number: u8,
    pub(super) data: &'m [u8],
}

impl NnContext {
    pub(super) fn of_model(model: Rc<dyn Model>) -> Result<Self, InferenceError> {
        let session = model.session()?;
        let inputs = (0..).take_while(|index| session.input_type(*index).is_some()).count();
        Ok(Self::Lite { session, set: vec![false; inputs] })
    }

    pub(super) fn of_graph(graph: Rc<dyn Graph>) -> Result<Self, InferenceError> {
        let outputs = graph.results();
        let mut session = GraphSession::new(graph);
        for output in outputs {
            session.add_output(output)?;
        }
        Ok(Self::TensorFlow(session))
    }

    pub(super) fn set_input(&mut self, index: usize, fed: &Fed<'_>) -> Result<(), Errno> {
        match self {
            Self::Lite { session, set } => {
                let wanted = session.input_type(index).ok_or(Errno::InvalidArgument)?;
                let is_wanted = wanted.dimensions == fed.dimensions
                    && wanted.element_type.is_some_and(|of_model| is_number_of(fed.type_number, of_model));
                if !is_wanted {
                    tracing::debug!(?wanted, dimensions = ?fed.dimensions, number = fed.type_number, "an input of another type or shape");
                    return Err(Errno::InvalidArgument);
                }
                session.set_input(index, fed.data).map_err(|error| Errno::of(&error))?;
                set.get_mut(index).map(|is_set| *is_set = true).ok_or(Errno::InvalidArgument)
            }
            Self::TensorFlow(session) => {
                let mut placeholders = session.graph().placeholders();
                if index >= placeholders.len() {
                    return Err(Errno::InvalidArgument);
                }
                let placeholder = placeholders.swap_remove(index);
                let element_type = placeholder.element_type.ok_or(Errno::InvalidArgument)?;
                let has_shape = placeholder.dimensions.is_none_or(|wanted| fits(&fed.dimensions, &wanted));
                if !has_shape || !is_number_of(fed.type_number, element_type) {
                    return Err(Errno::InvalidArgument);
                }
                let mut bytes = Vec::new();
                bytes.try_reserve_exact(fed.data.len()).map_err(|_| Errno::Busy)?;
                bytes.extend_from_slice(fed.data);
                let tensor = Tensor::new(element_type, fed.dimensions.clone(), bytes);
                session
                    .set_input(placeholder.port, tensor.ok_or(Errno::InvalidArgument)?)
                    .map_err(|error| Errno::of(&error))
            }
        }
    }

    /// Runs the model. An input that was not set is zero to a TensorFlow Lite model, as in WasmEdge.
    pub(super) fn compute(&mut self) -> Result<(), Errno> {
        let ran = match self {
            Self::Lite { session, set } => {
                for (index, is_set) in set.iter_mut().enumerate().filter(|(_, is_set)| !**is_set) {
                    let input = session.input_type(index).ok_or(Errno::Runtime)?;
                    let element_type = input.element_type.ok_or(Errno::Runtime)?;
                    let bytes = byte_size(element_type, &input.dimensions).ok_or(Errno::Runtime)?;
                    session.set_input(index, &vec![0; bytes]).map_err(|error| Errno::of(&error))?;
                    *is_set = true;
                }
                session.run()
            }
            Self::TensorFlow(session) => session.run(),
        };
        ran.map_err(|error| {
            tracing::warn!(%error, "a model did not run");
            // As WasmEdge answers where its interpreter fails.
            Errno::Busy
        })
    }

    /// The bytes of an output; before a run, a TensorFlow Lite model's are zero, and a graph's are none.
    pub(super) fn output(&self, index: usize) -> Result<Cow<'_, [u8]>, Errno> {
        match self {
            Self::Lite { session, .. } => match session.output(index) {
                Ok(bytes) => Ok(bytes.into()),
                Err(InferenceError::NotRun) => {
                    let length = session.output_len(index).map_err(|error| Errno::of(&error))?;
                    Ok(vec![0; length].into())
                }
                Err(error) => Err(Errno::of(&error)),
            },
            Self::TensorFlow(session) if index < session.outputs().len() => {
                Ok(session.value(index).map(Tensor::bytes).unwrap_or_default().into())
            }
            Self::TensorFlow(_) => Err(Errno::InvalidArgument),
        }
    }
}

/// Whether a guest's number means this type of the model: by the numbers of the crates up to wasi-nn 0.5 (f16, f32, u8,
/// i32), or of those since 0.6 (f16, f32, f64, u8, i32, i64). A guest does not tell which it was built with, so the
/// model's own type decides.
fn is_number_of(number: u8, of_model: ElementType) -> bool {
    match number {
        0 => of_model == ElementType::F16,
        1 => of_model == ElementType::F32,
        2 => matches!(of_model, ElementType::U8 | ElementType::F64),
        3 => matches!(of_model, ElementType::I32 | ElementType::U8),
        4 => of_model == ElementType::I32,
        5 => of_model == ElementType::I64,
        _ => false,
    }
}

/// Whether dimensions are those that are wanted, where -1 stands for any.
fn fits(dimensions: &[i64], wanted: &[i64]) -> bool {
    dimensions.len() == wanted.len()
        && dimensions.iter().zip(wanted).all(|(found, wanted)| *wanted < 0 || found == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_numbering_of_types_is_taken_and_no_other_number() {
        let types = [ElementType::F16, ElementType::F32, ElementType::U8, ElementType::I32];
        for (old, of_model) in types.into_iter().enumerate() {
            assert!(is_number_of(old as u8, of_model), "{of_model:?}");
        }
        let types = [
            ElementType::F16,
            ElementType::F32,
            ElementType::F64,
            ElementType::U8,
            ElementType::I32,
            ElementType::I64,
        ];
        for (new, of_model) in types.into_iter().enumerate() {
            assert!(is_number_of(new as u8, of_model), "{of_model:?}");
        }
        assert!(!is_number_of(1, ElementType::U8), "a float is not bytes");
        assert!(!is_number_of(2, ElementType::I8) && !is_number_of(6, ElementType::F32));
    }

    #[test]
    fn a_dimension_of_any_size_takes_any_and_the_others_their_own() {
        assert!(fits(&[7, 224, 224, 3], &[-1, 224, 224, 3]));
        assert!(!fits(&[1, 224, 225, 3], &[-1, 224, 224, 3]));
        assert!(!fits(&[224, 224, 3], &[-1, 224, 224, 3]));
        assert!(fits(&[], &[]));
    }
}

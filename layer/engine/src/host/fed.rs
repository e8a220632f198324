//! What guests feed TensorFlow graphs with.

use super::errno::Errno;
use super::memory;
use crate::inference::{ElementType, GraphSession, Port, Tensor};
use crate::limits::{GRAPH_INPUTS, TENSOR_RANK};

/// A tensor as a guest passes it.
pub(super) struct Fed {
    /// Where its dimensions are, an i64 each.
    pub(super) dimensions: u32,
    /// How many there are.
    pub(super) rank: u32,
    /// TensorFlow's number of the elements' type.
    pub(super) element_type: u32,
    /// Where its bytes are.
    pub(super) data: u32,
    /// How many there are.
    pub(super) length: u32,
}

impl Fed {
    /// Feeds `session` with it at `port`.
    pub(super) fn to(&self, session: &mut GraphSession, port: Port, memory: &[u8]) -> Result<(), Errno> {
        let length = self.rank.checked_mul(8).ok_or(Errno::MissingMemory)?;
        let dimensions = memory::read(memory, self.dimensions, length).ok_or(Errno::MissingMemory)?;
        let data = memory::read(memory, self.data, self.length).ok_or(Errno::MissingMemory)?;
        if !session.graph().has(&port) || self.rank as usize > TENSOR_RANK {
            return Err(Errno::InvalidArgument);
        }
        let element_type =
            ElementType::from_tensorflow(self.element_type.into()).ok_or(Errno::InvalidArgument)?;
        if session.inputs() >= GRAPH_INPUTS {
            return Err(Errno::Busy);
        }
        let dimensions: Vec<i64> =
            dimensions.as_chunks().0.iter().map(|number| i64::from_le_bytes(*number)).collect();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(data.len()).map_err(|_| Errno::Busy)?;
        bytes.extend_from_slice(data);
        let tensor = Tensor::new(element_type, dimensions, bytes).ok_or(Errno::InvalidArgument)?;
        session.set_input(port, tensor).map_err(|error| Errno::of(&error))
    }
}

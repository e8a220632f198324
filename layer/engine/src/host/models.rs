//! Models in a guest's memory, ready to run.

use std::rc::Rc;

use super::errno::Errno;
use super::memory;
use super::state::{HostState, timed};
use crate::answer::Step;
use crate::inference::{Graph, Model};

/// The TensorFlow Lite model in these bytes of the guest's memory.
pub(super) fn model(
    state: &mut HostState,
    memory: &[u8],
    pointer: u32,
    length: u32,
) -> Result<Rc<dyn Model>, Errno> {
    let bytes = memory::read(memory, pointer, length).ok_or(Errno::MissingMemory)?;
    let mut resources = state.resources.try_borrow_mut().map_err(|_| Errno::Busy)?;
    let models = &mut resources.models;
    timed(&mut state.timings.session, Step::Session, || {
        let part = state.data_image.as_ref().and_then(|data| data.unchanged(memory, pointer, length));
        models.load(bytes, part)
    })
    .map_err(|error| Errno::of(&error))
}

/// The TensorFlow graph in these bytes of the guest's memory. Whatever keeps it from being used is the guest's fault, as far
/// as WasmEdge's plug-in tells.
pub(super) fn graph(
    state: &mut HostState,
    memory: &[u8],
    pointer: u32,
    length: u32,
) -> Result<Rc<dyn Graph>, Errno> {
    let bytes = memory::read(memory, pointer, length).ok_or(Errno::MissingMemory)?;
    let mut resources = state.resources.try_borrow_mut().map_err(|_| Errno::Busy)?;
    let graphs = &mut resources.graphs;
    timed(&mut state.timings.session, Step::Session, || {
        let part = state.data_image.as_ref().and_then(|data| data.unchanged(memory, pointer, length));
        graphs.load(bytes, part)
    })
    .map_err(|error| {
        tracing::debug!(%error, "a TensorFlow graph can't be used");
        Errno::InvalidArgument
    })
}

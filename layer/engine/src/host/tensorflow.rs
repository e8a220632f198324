//! `wasmedge_tensorflow`: sessions over TensorFlow graphs, fed and asked at any of their operations.

use super::errno::{self, Errno};
use super::fed::Fed;
use super::function::{HostFunction, SharedState, host_function};
use super::state::{HostState, timed};
use super::{granted, memory, models};
use crate::answer::Step;
use crate::inference::{GraphSession, Port, Tensor};
use crate::limits::{GRAPH_OUTPUTS, SAVED_MODEL_TAGS};

pub(super) const MODULE: &str = "wasmedge_tensorflow";

pub(super) const FUNCTIONS: [HostFunction<SharedState>; 11] = [
    host_function!("create_session", 3, create_session),
    host_function!("create_session_saved_model", 5, create_session_saved_model),
    host_function!("delete_session", 1, delete_session),
    host_function!("run_session", 1, run_session),
    host_function!("append_input", 8, append_input),
    host_function!("append_output", 3, append_output),
    host_function!("clear_input", 1, clear_input),
    host_function!("clear_output", 1, clear_output),
    host_function!("get_output_tensor", 4, get_output_tensor),
    host_function!("get_tensor_len", 3, get_tensor_len),
    host_function!("get_tensor_data", 5, get_tensor_data),
];

/// A session, with the names by which the guest knows its outputs.
#[derive(Debug)]
pub(super) struct NamedOutputs {
    session: GraphSession,
    /// Each name as the guest wrote it, with the number of the session's output: `a` and `a:0` are two names of one. A
    /// tensor is a place here.
    names: Vec<(String, usize)>,
}

type Done = Result<(), Errno>;

fn create_session(
    state: &mut HostState,
    memory: &mut [u8],
    [model_ptr, model_len, session_out]: [u32; 3],
) -> Done {
    memory::read(memory, session_out, 4).ok_or(Errno::MissingMemory)?;
    if state.graph_sessions.is_full() {
        return Err(Errno::Busy);
    }
    let graph = models::graph(state, memory, model_ptr, model_len)?;
    insert(state, memory, GraphSession::new(graph), session_out)
}

fn create_session_saved_model(
    state: &mut HostState,
    memory: &mut [u8],
    [path_ptr, path_len, tags_ptr, tags_len, session_out]: [u32; 5],
) -> Done {
    memory::read(memory, session_out, 4).ok_or(Errno::MissingMemory)?;
    let path = errno::name(memory, path_ptr, path_len)?;
    let tags = tags(memory, tags_ptr, tags_len)?;
    if state.graph_sessions.is_full() {
        return Err(Errno::Busy);
    }
    let mut resources = state.resources.try_borrow_mut().map_err(|_| Errno::Busy)?;
    let Some(folder) = granted::on_host(&resources.folders, path) else {
        tracing::debug!(path, "the saved model is in no folder that the module was granted");
        return Err(Errno::InvalidArgument);
    };
    let graph = timed(&mut state.timings.session, Step::Session, || {
        resources.graphs.load_saved_model(&folder, &tags)
    })
    .map_err(|error| {
        tracing::debug!(%error, "a saved model can't be used");
        Errno::InvalidArgument
    })?;
    drop(resources);
    insert(state, memory, GraphSession::new(graph), session_out)
}

/// Texts from a list of pointers and lengths.
fn tags(memory: &[u8], pointer: u32, count: u32) -> Result<Vec<String>, Errno> {
    let length = count.checked_mul(8).ok_or(Errno::MissingMemory)?;
    let list = memory::read(memory, pointer, length).ok_or(Errno::MissingMemory)?;
    if count as usize > SAVED_MODEL_TAGS {
        return Err(Errno::InvalidArgument);
    }
    let number = |bytes: [u8; 4]| u32::from_le_bytes(bytes);
    let tag = |&[a, b, c, d, e, f, g, h]: &[u8; 8]| {
        errno::name(memory, number([a, b, c, d]), number([e, f, g, h])).map(str::to_owned)
    };
    list.as_chunks().0.iter().map(tag).collect()
}

fn insert(state: &mut HostState, memory: &mut [u8], session: GraphSession, session_out: u32) -> Done {
    let held = NamedOutputs { session, names: Vec::new() };
    let handle = state.graph_sessions.insert(held).ok_or(Errno::Busy)?;
    memory::store_u32(memory, session_out, handle).ok_or(Errno::MissingMemory)
}

/// As WasmEdge's plug-in, this tells of no failure.
#[expect(clippy::unnecessary_wraps, reason = "the form of a host function")]
fn delete_session(state: &mut HostState, _memory: &mut [u8], [session]: [u32; 1]) -> Done {
    drop(state.graph_sessions.remove(session));
    Ok(())
}

fn run_session(state: &mut HostState, _memory: &mut [u8], [session]: [u32; 1]) -> Done {
    let NamedOutputs { session, .. } = state.graph_sessions.get_mut(session).ok_or(Errno::InvalidArgument)?;
    timed(&mut state.timings.inference, Step::Inference, || session.run()).map_err(|error| {
        tracing::debug!(%error, "a TensorFlow graph did not run");
        // The number that WasmEdge's plug-in has for all that TensorFlow says.
        Errno::Busy
    })
}

fn append_input(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, dimensions, rank, element_type, data, length]: [u32; 8],
) -> Done {
    let NamedOutputs { session, .. } = held(state, session)?;
    let port = port(errno::name(memory, name_ptr, name_len)?)?;
    Fed { dimensions, rank, element_type, data, length }.to(session, port, memory)
}

fn append_output(state: &mut HostState, memory: &mut [u8], [session, name_ptr, name_len]: [u32; 3]) -> Done {
    let NamedOutputs { session, names } = held(state, session)?;
    let name = errno::name(memory, name_ptr, name_len)?;
    if names.iter().any(|(known, _)| known == name) {
        return Ok(());
    }
    if names.len() >= GRAPH_OUTPUTS {
        return Err(Errno::Busy);
    }
    let output = session.add_output(port(name)?).map_err(|error| Errno::of(&error))?;
    names.push((name.to_owned(), output));
    Ok(())
}

fn clear_input(state: &mut HostState, _memory: &mut [u8], [session]: [u32; 1]) -> Done {
    held(state, session)?.session.clear_inputs();
    Ok(())
}

fn clear_output(state: &mut HostState, _memory: &mut [u8], [session]: [u32; 1]) -> Done {
    let NamedOutputs { session, names } = held(state, session)?;
    session.clear_outputs();
    names.clear();
    Ok(())
}

fn get_output_tensor(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, tensor_out]: [u32; 4],
) -> Done {
    let NamedOutputs { names, .. } = held(state, session)?;
    let name = errno::name(memory, name_ptr, name_len)?;
    let tensor = names.iter().position(|(known, _)| known == name).ok_or(Errno::InvalidArgument)?;
    let tensor = u32::try_from(tensor).map_err(|_| Errno::Runtime)?;
    memory::store_u32(memory, tensor_out, tensor).ok_or(Errno::MissingMemory)
}

fn get_tensor_len(state: &mut HostState, memory: &mut [u8], [session, tensor, len_out]: [u32; 3]) -> Done {
    let length = value(state, session, tensor)?.len();
    let length = u32::try_from(length).map_err(|_| Errno::Runtime)?;
    memory::store_u32(memory, len_out, length).ok_or(Errno::MissingMemory)
}

fn get_tensor_data(
    state: &mut HostState,
    memory: &mut [u8],
    [session, tensor, buf_ptr, buf_len, written_out]: [u32; 5],
) -> Done {
    let value = value(state, session, tensor)?;
    memory::read(memory, written_out, 4).ok_or(Errno::MissingMemory)?;
    let buffer = memory::write(memory, buf_ptr, buf_len).ok_or(Errno::MissingMemory)?;
    // As much as there is room for, as WasmEdge's plug-in does.
    let written = buffer.iter_mut().zip(value).map(|(place, &byte)| *place = byte).count();
    let written = u32::try_from(written).map_err(|_| Errno::Runtime)?;
    memory::store_u32(memory, written_out, written).ok_or(Errno::MissingMemory)
}

fn held(state: &mut HostState, session: u32) -> Result<&mut NamedOutputs, Errno> {
    state.graph_sessions.get_mut(session).ok_or(Errno::InvalidArgument)
}

/// The bytes of a tensor, none before a run.
fn value(state: &HostState, session: u32, tensor: u32) -> Result<&[u8], Errno> {
    let NamedOutputs { session, names } = state.graph_sessions.get(session).ok_or(Errno::InvalidArgument)?;
    let (_, output) = names.get(tensor as usize).ok_or(Errno::InvalidArgument)?;
    Ok(session.value(*output).map(Tensor::bytes).unwrap_or_default())
}

/// `operation` or `operation:output`.
fn port(name: &str) -> Result<Port, Errno> {
    let (operation, index) = match name.split_once(':') {
        Some((operation, index)) => (operation, index.parse().map_err(|_| Errno::InvalidArgument)?),
        None => (name, 0),
    };
    Ok(Port { operation: operation.to_owned(), index })
}

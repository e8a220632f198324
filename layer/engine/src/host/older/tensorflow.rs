//! `ssvm_tensorflow`, and the older names in `wasmedge_tensorflow`.

use super::handles::OlderSession;
use super::tensorflow_lite::{delete_session, get_tensor_data, get_tensor_len};
use crate::answer::Step;
use crate::host::errno::name;
use crate::host::fed::Fed;
use crate::host::function::{HostFunction, SharedState, older_function};
use crate::host::models;
use crate::host::state::{HostState, timed};
use crate::inference::{GraphSession, Port};
use crate::limits::GRAPH_OUTPUTS;

pub(in crate::host) const SSVM_MODULE: &str = "ssvm_tensorflow";

/// The functions under the names that begin with `$of`.
macro_rules! functions {
    ($of:literal) => {
        [
            older_function!(concat!($of, "_create_session"), [I32, I32] -> [I64] or 0, create_session),
            older_function!(concat!($of, "_delete_session"), [I64] -> [] or 0, delete_session),
            older_function!(concat!($of, "_run_session"), [I64] -> [I32] or 1, run_session),
            older_function!(concat!($of, "_get_output_tensor"), [I64, I32, I32, I32] -> [I64] or 0, get_output_tensor),
            older_function!(concat!($of, "_get_tensor_len"), [I64] -> [I32] or 0, get_tensor_len),
            older_function!(concat!($of, "_get_tensor_data"), [I64, I32] -> [] or 0, get_tensor_data),
            older_function!(
                concat!($of, "_append_input"),
                [I64, I32, I32, I32, I32, I32, I32, I32, I32] -> [] or 0,
                append_input
            ),
            older_function!(concat!($of, "_append_output"), [I64, I32, I32, I32] -> [] or 0, append_output),
            older_function!(concat!($of, "_clear_input"), [I64] -> [] or 0, clear_input),
            older_function!(concat!($of, "_clear_output"), [I64] -> [] or 0, clear_output),
        ]
    };
}

pub(in crate::host) const SSVM: [HostFunction<SharedState>; 10] = functions!("ssvm_tensorflow");
pub(in crate::host) const WASMEDGE: [HostFunction<SharedState>; 10] = functions!("wasmedge_tensorflow");

fn create_session(state: &mut HostState, memory: &mut [u8], [model_ptr, model_len]: [u64; 2]) -> Option<u64> {
    if state.older.is_full() {
        return None;
    }
    let graph = models::graph(state, memory, model_ptr as u32, model_len as u32).ok()?;
    state.older.insert(OlderSession::Graph(GraphSession::new(graph)))
}

fn run_session(state: &mut HostState, _memory: &mut [u8], [session]: [u64; 1]) -> Option<u64> {
    let session = state.older.graph(session)?;
    let ran = timed(&mut state.timings.inference, Step::Inference, || session.run());
    ran.inspect_err(|error| tracing::debug!(%error, "a TensorFlow graph did not run")).ok()?;
    Some(0)
}

fn get_output_tensor(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, index]: [u64; 4],
) -> Option<u64> {
    let wanted = port(memory, name_ptr, name_len, index)?;
    let output = state.older.graph(session)?.outputs().iter().position(|port| *port == wanted)?;
    state.older.output(session, output)
}

fn append_input(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, index, dimensions, rank, element_type, data, length]: [u64; 9],
) -> Option<u64> {
    let port = port(memory, name_ptr, name_len, index)?;
    let fed = Fed {
        dimensions: dimensions as u32,
        rank: rank as u32,
        element_type: element_type as u32,
        data: data as u32,
        length: length as u32,
    };
    let set = fed.to(state.older.graph(session)?, port, memory);
    set.inspect_err(|error| tracing::debug!(?error, "an input of a TensorFlow graph was not set")).ok()?;
    None
}

fn append_output(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, index]: [u64; 4],
) -> Option<u64> {
    let port = port(memory, name_ptr, name_len, index)?;
    let session = state.older.graph(session)?;
    if session.outputs().len() < GRAPH_OUTPUTS {
        let added = session.add_output(port);
        added
            .inspect_err(|error| tracing::debug!(%error, "an output of a TensorFlow graph is unknown"))
            .ok()?;
    }
    None
}

fn clear_input(state: &mut HostState, _memory: &mut [u8], [session]: [u64; 1]) -> Option<u64> {
    state.older.graph(session)?.clear_inputs();
    None
}

fn clear_output(state: &mut HostState, _memory: &mut [u8], [session]: [u64; 1]) -> Option<u64> {
    state.older.graph(session)?.clear_outputs();
    state.older.forget_outputs(session);
    None
}

/// The guest's side has taken the name and the number of an output apart.
fn port(memory: &[u8], pointer: u64, length: u64, index: u64) -> Option<Port> {
    let operation = name(memory, pointer as u32, length as u32).ok()?.to_owned();
    Some(Port { operation, index: index as u32 })
}

//! `ssvm_tensorflowlite`, and the older names in `wasmedge_tensorflowlite`.

use super::handles::OlderSession;
use crate::answer::Step;
use crate::host::errno::name;
use crate::host::function::{HostFunction, SharedState, older_function};
use crate::host::state::{HostState, timed};
use crate::host::{memory, models};
use crate::inference::Tensor;

pub(in crate::host) const SSVM_MODULE: &str = "ssvm_tensorflowlite";

/// The functions under the names that begin with `$of`.
macro_rules! functions {
    ($of:literal) => {
        [
            older_function!(concat!($of, "_create_session"), [I32, I32] -> [I64] or 0, create_session),
            older_function!(concat!($of, "_delete_session"), [I64] -> [] or 0, delete_session),
            older_function!(concat!($of, "_run_session"), [I64] -> [I32] or 1, run_session),
            older_function!(concat!($of, "_get_output_tensor"), [I64, I32, I32] -> [I64] or 0, get_output_tensor),
            older_function!(concat!($of, "_get_tensor_len"), [I64] -> [I32] or 0, get_tensor_len),
            older_function!(concat!($of, "_get_tensor_data"), [I64, I32] -> [] or 0, get_tensor_data),
            older_function!(concat!($of, "_append_input"), [I64, I32, I32, I32, I32] -> [] or 0, append_input),
        ]
    };
}

pub(in crate::host) const SSVM: [HostFunction<SharedState>; 7] = functions!("ssvm_tensorflowlite");
pub(in crate::host) const WASMEDGE: [HostFunction<SharedState>; 7] = functions!("wasmedge_tensorflowlite");

fn create_session(state: &mut HostState, memory: &mut [u8], [model_ptr, model_len]: [u64; 2]) -> Option<u64> {
    if state.older.is_full() {
        return None;
    }
    let model = models::model(state, memory, model_ptr as u32, model_len as u32).ok()?;
    state.older.insert(OlderSession::Lite(model.session().ok()?))
}

pub(super) fn delete_session(state: &mut HostState, _memory: &mut [u8], [session]: [u64; 1]) -> Option<u64> {
    state.older.remove(session);
    None
}

fn run_session(state: &mut HostState, _memory: &mut [u8], [session]: [u64; 1]) -> Option<u64> {
    let session = state.older.lite(session)?;
    let ran = timed(&mut state.timings.inference, Step::Inference, || session.run());
    ran.inspect_err(|error| tracing::debug!(%error, "a TensorFlow Lite model did not run")).ok()?;
    Some(0)
}

fn get_output_tensor(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len]: [u64; 3],
) -> Option<u64> {
    let name = name(memory, name_ptr as u32, name_len as u32).ok()?;
    let output = state.older.lite(session)?.output_index(name).ok()?;
    state.older.output(session, output)
}

pub(super) fn get_tensor_len(state: &mut HostState, _memory: &mut [u8], [tensor]: [u64; 1]) -> Option<u64> {
    let length = match state.older.output_of(tensor)? {
        (OlderSession::Lite(session), output) => session.output_len(output).ok()?,
        (OlderSession::Graph(session), output) => session.value(output)?.bytes().len(),
    };
    u32::try_from(length).ok().map(u64::from)
}

/// Copies all of a tensor to where the guest has room for it, as it says.
pub(super) fn get_tensor_data(
    state: &mut HostState,
    memory: &mut [u8],
    [tensor, buffer]: [u64; 2],
) -> Option<u64> {
    let data = match state.older.output_of(tensor)? {
        (OlderSession::Lite(session), output) => session.output(output).ok()?,
        (OlderSession::Graph(session), output) => session.value(output).map(Tensor::bytes)?,
    };
    let length = u32::try_from(data.len()).ok()?;
    memory::write(memory, buffer as u32, length)?.copy_from_slice(data);
    None
}

fn append_input(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, data_ptr, data_len]: [u64; 5],
) -> Option<u64> {
    let session = state.older.lite(session)?;
    let name = name(memory, name_ptr as u32, name_len as u32).ok()?;
    let data = memory::read(memory, data_ptr as u32, data_len as u32)?;
    let set = session.input_index(name).and_then(|index| session.set_input(index, data));
    set.inspect_err(|error| tracing::debug!(%error, "an input of a TensorFlow Lite model was not set"))
        .ok()?;
    None
}

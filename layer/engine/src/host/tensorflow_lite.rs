//! `wasmedge_tensorflowlite`: sessions over TensorFlow Lite models.

use super::errno::{self, Errno};
use super::function::{HostFunction, SharedState, host_function};
use super::state::{HostState, timed};
use super::{memory, models};
use crate::answer::Step;
use crate::inference::Session;

pub(super) const MODULE: &str = "wasmedge_tensorflowlite";

pub(super) const FUNCTIONS: [HostFunction<SharedState>; 7] = [
    host_function!("create_session", 3, create_session),
    host_function!("delete_session", 1, delete_session),
    host_function!("run_session", 1, run_session),
    host_function!("append_input", 5, append_input),
    host_function!("get_output_tensor", 4, get_output_tensor),
    host_function!("get_tensor_len", 3, get_tensor_len),
    host_function!("get_tensor_data", 5, get_tensor_data),
];

type Done = Result<(), Errno>;

fn create_session(
    state: &mut HostState,
    memory: &mut [u8],
    [model_ptr, model_len, session_out]: [u32; 3],
) -> Done {
    memory::read(memory, session_out, 4).ok_or(Errno::MissingMemory)?;
    if state.sessions.is_full() {
        return Err(Errno::Busy);
    }
    let model = models::model(state, memory, model_ptr, model_len)?;
    let session = model.session().map_err(|error| Errno::of(&error))?;
    let handle = state.sessions.insert(session).ok_or(Errno::Busy)?;
    memory::store_u32(memory, session_out, handle).ok_or(Errno::MissingMemory)
}

fn delete_session(state: &mut HostState, _memory: &mut [u8], [session]: [u32; 1]) -> Done {
    state.sessions.remove(session).map(drop).ok_or(Errno::InvalidArgument)
}

fn run_session(state: &mut HostState, _memory: &mut [u8], [session]: [u32; 1]) -> Done {
    let session = state.sessions.get_mut(session).ok_or(Errno::InvalidArgument)?;
    timed(&mut state.timings.inference, Step::Inference, || session.run()).map_err(|error| Errno::of(&error))
}

fn append_input(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, data_ptr, data_len]: [u32; 5],
) -> Done {
    let session = state.sessions.get_mut(session).ok_or(Errno::InvalidArgument)?;
    let name = errno::name(memory, name_ptr, name_len)?;
    let data = memory::read(memory, data_ptr, data_len).ok_or(Errno::MissingMemory)?;
    let set = session.input_index(name).and_then(|index| session.set_input(index, data));
    set.map_err(|error| Errno::of(&error))
}

fn get_output_tensor(
    state: &mut HostState,
    memory: &mut [u8],
    [session, name_ptr, name_len, tensor_out]: [u32; 4],
) -> Done {
    let session = session_of(state, session)?;
    let index =
        session.output_index(errno::name(memory, name_ptr, name_len)?).map_err(|error| Errno::of(&error))?;
    let index = u32::try_from(index).map_err(|_| Errno::Runtime)?;
    memory::store_u32(memory, tensor_out, index).ok_or(Errno::MissingMemory)
}

fn get_tensor_len(state: &mut HostState, memory: &mut [u8], [session, tensor, len_out]: [u32; 3]) -> Done {
    let length =
        session_of(state, session)?.output_len(tensor as usize).map_err(|error| Errno::of(&error))?;
    let length = u32::try_from(length).map_err(|_| Errno::Runtime)?;
    memory::store_u32(memory, len_out, length).ok_or(Errno::MissingMemory)
}

fn get_tensor_data(
    state: &mut HostState,
    memory: &mut [u8],
    [session, tensor, buf_ptr, buf_len, written_out]: [u32; 5],
) -> Done {
    let data = session_of(state, session)?.output(tensor as usize).map_err(|error| Errno::of(&error))?;
    memory::read(memory, written_out, 4).ok_or(Errno::MissingMemory)?;
    let buffer = memory::write(memory, buf_ptr, buf_len).ok_or(Errno::MissingMemory)?;
    if buffer.len() != data.len() {
        return Err(Errno::InvalidArgument);
    }
    buffer.copy_from_slice(data);
    memory::store_u32(memory, written_out, buf_len).ok_or(Errno::MissingMemory)
}

fn session_of(state: &HostState, handle: u32) -> Result<&dyn Session, Errno> {
    state.sessions.get(handle).map(Box::as_ref).ok_or(Errno::InvalidArgument)
}

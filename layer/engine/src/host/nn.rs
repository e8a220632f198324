//! `wasi_ephemeral_nn`: WASI-NN as modules of preview 1 import it, with what WasmEdge adds to it.
//!
//! Form: <https://github.com/WebAssembly/wasi-nn/blob/0.2.0-rc-2023-11-10/wasi-nn.witx>, and the crates `wasi-nn` 0.1 to 0.6
//! and `wasmedge-wasi-nn` 0.8. A result is never above 8, which those crates take for impossible.

use std::rc::Rc;

use super::errno::{self, Errno};
use super::function::{HostFunction, SharedState, host_function};
use super::handles::Handles;
use super::nn_context::{Fed, NnContext, NnGraph};
use super::state::{HostState, timed};
use super::{memory, models};
use crate::answer::Step;
use crate::limits::{NN_GRAPHS_PER_EVENT, SESSIONS_PER_EVENT, TENSOR_RANK};
use crate::nn_model::NnEncoding;

pub(super) const MODULE: &str = "wasi_ephemeral_nn";

pub(super) const FUNCTIONS: [HostFunction<SharedState>; 12] = [
    host_function!("load", 5, load),
    host_function!("load_by_name", 3, load_by_name),
    host_function!("load_by_name_with_config", 5, load_by_name_with_config),
    host_function!("init_execution_context", 2, init_execution_context),
    host_function!("set_input", 3, set_input),
    host_function!("compute", 1, compute),
    host_function!("get_output", 5, get_output),
    host_function!("get_output_single", 5, get_output_single),
    host_function!("compute_single", 1, compute_single),
    host_function!("fini_single", 1, fini_single),
    host_function!("unload", 1, unload),
    host_function!("finalize_execution_context", 1, finalize_execution_context),
];

/// What one instance holds.
#[derive(Debug)]
pub(super) struct NnHandles {
    graphs: Handles<u32, NnGraph>,
    contexts: Handles<u32, NnContext>,
}

impl NnHandles {
    pub(super) fn new() -> Self {
        Self { graphs: Handles::new(NN_GRAPHS_PER_EVENT), contexts: Handles::new(SESSIONS_PER_EVENT) }
    }
}

type Done = Result<(), Errno>;

/// The only target here; guests may also pass 1 for a GPU and 2 for a TPU.
const CPU: u32 = 0;

fn load(
    state: &mut HostState,
    memory: &mut [u8],
    [builders_ptr, builders_len, encoding, target, graph_out]: [u32; 5],
) -> Done {
    let encoding = encoding_of(encoding)?;
    // A guest passes one buffer; several are for formats of several files.
    if target != CPU || builders_len != 1 {
        return Err(Errno::InvalidArgument);
    }
    readable(memory, graph_out)?;
    let (pointer, length) = pair(memory, builders_ptr)?;
    memory::read(memory, pointer, length).ok_or(Errno::InvalidArgument)?;
    let graph = match encoding {
        NnEncoding::TensorFlowLite => NnGraph::Lite(models::model(state, memory, pointer, length)?),
        NnEncoding::TensorFlow => NnGraph::TensorFlow(models::graph(state, memory, pointer, length)?),
    };
    insert(state, memory, graph, graph_out)
}

/// The encodings of the crates: those that something here reads, those that nothing here reads, and no encodings. To find
/// an encoding out (5) is one of the last to WasmEdge.
fn encoding_of(number: u32) -> Result<NnEncoding, Errno> {
    match number {
        2 => Ok(NnEncoding::TensorFlow),
        4 => Ok(NnEncoding::TensorFlowLite),
        0 | 1 | 3 | 6..=11 => {
            tracing::warn!(
                "the module asked for a model in WASI-NN's encoding {number} ({}); here are tensorflowlite (4) and tensorflow (2)",
                [
                    "openvino",
                    "onnx",
                    "",
                    "pytorch",
                    "",
                    "",
                    "ggml",
                    "neuralspeed",
                    "burn",
                    "whisper",
                    "mlx",
                    "piper"
                ]
                .get(number as usize)
                .unwrap_or(&"")
            );
            Err(Errno::InvalidArgument)
        }
        _ => Err(Errno::InvalidEncoding),
    }
}

fn load_by_name(state: &mut HostState, memory: &mut [u8], [name_ptr, name_len, graph_out]: [u32; 3]) -> Done {
    readable(memory, graph_out)?;
    let name = errno::name(memory, name_ptr, name_len).map_err(|_| Errno::InvalidArgument)?;
    let graph = preloaded(state, name)?;
    insert(state, memory, graph, graph_out)
}

/// The configuration is for formats that nothing here reads.
fn load_by_name_with_config(
    state: &mut HostState,
    memory: &mut [u8],
    [name_ptr, name_len, config_ptr, config_len, graph_out]: [u32; 5],
) -> Done {
    memory::read(memory, config_ptr, config_len).ok_or(Errno::InvalidArgument)?;
    load_by_name(state, memory, [name_ptr, name_len, graph_out])
}

/// The model that was given this name when the runtime was started.
fn preloaded(state: &mut HostState, name: &str) -> Result<NnGraph, Errno> {
    let mut resources = state.resources.try_borrow_mut().map_err(|_| Errno::Busy)?;
    let resources = &mut *resources;
    let Some(model) = resources.nn_models.iter().find(|model| model.name == name) else {
        tracing::warn!("the module asked for a model named {name:?}; models get names by --nn-preload");
        return Err(Errno::NotFound);
    };
    timed(&mut state.timings.session, Step::Session, || {
        let bytes = model.bytes()?;
        let part = model.part.clone();
        match model.encoding {
            NnEncoding::TensorFlowLite => resources.models.load_file(&bytes, part).map(NnGraph::Lite),
            NnEncoding::TensorFlow => resources.graphs.load_file(&bytes, part).map(NnGraph::TensorFlow),
        }
    })
    .map_err(|error| Errno::of(&error))
}

fn insert(state: &mut HostState, memory: &mut [u8], graph: NnGraph, graph_out: u32) -> Done {
    let handle = state.nn.graphs.insert(graph).ok_or(Errno::Busy)?;
    memory::store_u32(memory, graph_out, handle).ok_or(Errno::InvalidArgument)
}

fn unload(state: &mut HostState, _memory: &mut [u8], [graph]: [u32; 1]) -> Done {
    state.nn.graphs.remove(graph).map(drop).ok_or(Errno::InvalidArgument)
}

fn init_execution_context(state: &mut HostState, memory: &mut [u8], [graph, context_out]: [u32; 2]) -> Done {
    readable(memory, context_out)?;
    let NnHandles { graphs, contexts } = &mut state.nn;
    let graph = graphs.get(graph).ok_or(Errno::InvalidArgument)?;
    if contexts.is_full() {
        return Err(Errno::Busy);
    }
    let context = timed(&mut state.timings.session, Step::Session, || match graph {
        NnGraph::Lite(model) => NnContext::of_model(Rc::clone(model)),
        NnGraph::TensorFlow(graph) => NnContext::of_graph(Rc::clone(graph)),
    });
    // As WasmEdge answers where its interpreter can't be made.
    let handle = contexts.insert(context.map_err(|_| Errno::Busy)?).ok_or(Errno::Busy)?;
    memory::store_u32(memory, context_out, handle).ok_or(Errno::InvalidArgument)
}

fn finalize_execution_context(state: &mut HostState, _memory: &mut [u8], [context]: [u32; 1]) -> Done {
    state.nn.contexts.remove(context).map(drop).ok_or(Errno::InvalidArgument)
}

/// A tensor has five words: where its dimensions are and how many, its type, where its data is and how much.
fn set_input(state: &mut HostState, memory: &mut [u8], [context, index, tensor]: [u32; 3]) -> Done {
    let context = state.nn.contexts.get_mut(context).ok_or(Errno::InvalidArgument)?;
    let word = |place: u32| {
        let at = tensor.checked_add(4 * place).ok_or(Errno::InvalidArgument)?;
        memory::load_u32(memory, at).ok_or(Errno::InvalidArgument)
    };
    let rank = word(1)?;
    let length = rank.checked_mul(4).ok_or(Errno::InvalidArgument)?;
    let dimensions = memory::read(memory, word(0)?, length).ok_or(Errno::InvalidArgument)?;
    let data = memory::read(memory, word(3)?, word(4)?).ok_or(Errno::InvalidArgument)?;
    if rank as usize > TENSOR_RANK {
        return Err(Errno::InvalidArgument);
    }
    let dimensions =
        dimensions.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number).into()).collect();
    // The type is a byte; in older crates the three behind it are anything.
    let [type_number, ..] = word(2)?.to_le_bytes();
    context.set_input(index as usize, &Fed { dimensions, type_number, data })
}

fn compute(state: &mut HostState, _memory: &mut [u8], [context]: [u32; 1]) -> Done {
    let context = state.nn.contexts.get_mut(context).ok_or(Errno::InvalidArgument)?;
    timed(&mut state.timings.inference, Step::Inference, || context.compute())
}

fn get_output(
    state: &mut HostState,
    memory: &mut [u8],
    [context, index, buffer_ptr, buffer_max, written_out]: [u32; 5],
) -> Done {
    let context = state.nn.contexts.get(context).ok_or(Errno::InvalidArgument)?;
    let output = context.output(index as usize)?;
    let written = u32::try_from(output.len()).map_err(|_| Errno::Runtime)?;
    readable(memory, written_out)?;
    let buffer = memory::write(memory, buffer_ptr, buffer_max).ok_or(Errno::InvalidArgument)?;
    buffer.get_mut(..output.len()).ok_or(Errno::InvalidArgument)?.copy_from_slice(&output);
    memory::store_u32(memory, written_out, written).ok_or(Errno::InvalidArgument)
}

/// Outputs of models that write texts, token by token: none here.
fn get_output_single(_state: &mut HostState, _memory: &mut [u8], _: [u32; 5]) -> Done {
    Err(Errno::InvalidArgument)
}

fn compute_single(_state: &mut HostState, _memory: &mut [u8], _: [u32; 1]) -> Done {
    Err(Errno::InvalidArgument)
}

fn fini_single(_state: &mut HostState, _memory: &mut [u8], _: [u32; 1]) -> Done {
    Err(Errno::InvalidArgument)
}

/// A pointer and a length.
fn pair(memory: &[u8], pointer: u32) -> Result<(u32, u32), Errno> {
    let second = pointer.checked_add(4).ok_or(Errno::InvalidArgument)?;
    memory::load_u32(memory, pointer).zip(memory::load_u32(memory, second)).ok_or(Errno::InvalidArgument)
}

/// Whether there is room for a number, before anything is done for it.
fn readable(memory: &[u8], pointer: u32) -> Done {
    memory::read(memory, pointer, 4).map(|_| ()).ok_or(Errno::InvalidArgument)
}

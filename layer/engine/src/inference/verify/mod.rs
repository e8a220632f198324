//! Models are verified before LiteRT reads them, which trusts what stands in them.
//!
//! LiteRT checks that a model is a flatbuffer of the right schema, and goes by its numbers from then on. What is made
//! sure of here (field numbers are those of TensorFlow Lite's schema, version 3, `schema.fbs`):
//! - every table, vector, index and length lies inside the file;
//! - shapes are fixed, and what a tensor's shape and type ask for is what its constant data has;
//! - all tensors together take a bounded amount of memory;
//! - operators read only what was there before or what an earlier one has written, so that nothing of another event is
//!   left in a tensor that nobody wrote;
//! - nothing loops and nothing keeps a state: there is one graph, without variables, calls and custom operators.
//!
//! That is not a proof: what the kernels do with well-formed but strange models is their matter. Hence
//! [`super::ModelPolicy`].

#![deny(clippy::indexing_slicing)]

mod damage;
mod graph;
mod tensor;
#[cfg(test)]
mod tests;

use flatbuffer::{Buffer, Table};

use damage::{Damage, damage};
use graph::MAX_TENSORS;
use tensor::Tensor;

/// `TFL3` at byte 4: the file identifier of TensorFlow Lite's schema.
const IDENTIFIER: [u8; 4] = *b"TFL3";
/// The one version of the schema that there is.
const VERSION: u32 = 3;
/// Bytes of all tensors that are not constant: far more than any model for pictures asks for.
const MAX_TENSOR_BYTES: usize = 256 << 20;

/// Says whether LiteRT may be given this model.
pub(super) fn verify(bytes: &[u8]) -> Result<(), Damage> {
    let buffer = Buffer::new(bytes);
    let identifier = buffer.identifier();
    if identifier != Some(IDENTIFIER) {
        let found = identifier.map(|found| String::from_utf8_lossy(&found).into_owned());
        return Err(Damage::Identifier(found.unwrap_or_default()));
    }
    let model = buffer.root()?;
    let version = model.number::<u32>(0)?.unwrap_or(0);
    if version != VERSION {
        return damage(format!("found schema version {version}, accepted is {VERSION}"));
    }
    let operators = operators(model)?;
    let buffers = buffers(model)?;
    let graphs = model.tables(2)?;
    if graphs.len() != 1 {
        return damage(format!("it has {} graphs, accepted is 1: loops could not be stopped", graphs.len()));
    }
    for graph in graphs.iter_tables() {
        let graph = graph?;
        // A scale and its zero point take 12 bytes.
        let tensors = tensors(graph, &buffers, bytes.len() / 4)?;
        let ends = graph::verify(graph, &tensors, &operators)?;
        signatures(model, &ends)?;
    }
    metadata(model, buffers.len())
}

/// The operators that the graph may use, by index.
fn operators(model: Table<'_>) -> Result<Vec<i32>, Damage> {
    let codes = model.tables(1)?;
    if codes.len() > MAX_TENSORS {
        return damage(format!("it names {} operators, accepted are up to {MAX_TENSORS}", codes.len()));
    }
    codes
        .iter_tables()
        .map(|code| {
            let code = code?;
            // Numbers above 127 stand in the newer of two fields; LiteRT takes the larger one.
            let old = i32::from(code.number::<i8>(0)?.unwrap_or(0));
            let new = code.number::<i32>(3)?.unwrap_or(0);
            Ok(old.max(new))
        })
        .collect()
}

/// Bytes of the constant data, by index.
fn buffers(model: Table<'_>) -> Result<Vec<usize>, Damage> {
    let buffers = model.tables(4)?;
    if buffers.len() > 2 * MAX_TENSORS {
        return damage(format!("it has {} buffers, accepted are up to {}", buffers.len(), 2 * MAX_TENSORS));
    }
    buffers
        .iter_tables()
        .map(|buffer| {
            let buffer = buffer?;
            if buffer.number::<u64>(1)?.unwrap_or(0) > 1 {
                return damage("it keeps data behind its end");
            }
            Ok(buffer.numbers::<u8>(0)?.len())
        })
        .collect()
}

/// Where a sound model has anything but weights.
#[cfg(test)]
pub(super) fn structure(model: &[u8]) -> Vec<usize> {
    let is_weights = |length: usize| length > 64;
    let mut is_structure = vec![true; model.len()];
    let buffers = Buffer::new(model).root().and_then(|root| root.tables(4));
    for buffer in buffers.into_iter().flat_map(flatbuffer::Vector::iter_tables) {
        let data = buffer.and_then(|buffer| buffer.numbers::<u8>(0));
        for byte in
            data.into_iter().filter(|data| is_weights(data.len())).flat_map(flatbuffer::Vector::byte_range)
        {
            is_structure[byte] = false;
        }
    }
    is_structure.iter().enumerate().filter(|(_, is_structure)| **is_structure).map(|(at, _)| at).collect()
}

fn tensors(graph: Table<'_>, buffers: &[usize], mut scales_left: usize) -> Result<Vec<Tensor>, Damage> {
    let tensors = graph.tables(0)?;
    if tensors.len() > MAX_TENSORS {
        return damage(format!("it has {} tensors, accepted are up to {MAX_TENSORS}", tensors.len()));
    }
    let tensors: Vec<Tensor> = tensors
        .iter_tables()
        .map(|tensor| Tensor::read(tensor?, buffers, &mut scales_left))
        .collect::<Result<_, _>>()?;
    let variable = tensors.iter().filter(|tensor| !tensor.is_constant);
    let total = variable.fold(0_usize, |total, tensor| total.saturating_add(tensor.bytes));
    if total > MAX_TENSOR_BYTES {
        return damage(format!("its tensors take {total} bytes, accepted are up to {MAX_TENSOR_BYTES}"));
    }
    Ok(tensors)
}

/// Signatures give other names to inputs and outputs; they name only those.
fn signatures(model: Table<'_>, ends: &graph::Ends) -> Result<(), Damage> {
    for signature in model.tables(7)?.iter_tables() {
        let signature = signature?;
        if signature.number::<u32>(4)?.unwrap_or(0) != 0 {
            return damage("a signature is of a graph that it has not");
        }
        for (field, tensors) in [(0, &ends.inputs), (1, &ends.outputs)] {
            let named = signature.tables(field)?;
            if named.len() != tensors.len() {
                return damage("a signature has not the graph's inputs and outputs");
            }
            for entry in named.iter_tables() {
                let index = entry?.number::<u32>(1)?.unwrap_or(0) as usize;
                if !tensors.contains(&index) {
                    return damage(format!("a signature names tensor {index}, which is no input or output"));
                }
            }
        }
    }
    Ok(())
}

fn metadata(model: Table<'_>, buffers: usize) -> Result<(), Damage> {
    let is_inside = |index: u32| (index as usize) < buffers;
    for entry in model.tables(6)?.iter_tables() {
        if !is_inside(entry?.number::<u32>(1)?.unwrap_or(0)) {
            return damage("its metadata stands in a buffer that it has not");
        }
    }
    for index in model.numbers::<i32>(5)?.iter_numbers::<i32>() {
        if !u32::try_from(index?).is_ok_and(is_inside) {
            return damage("its metadata stands in a buffer that it has not");
        }
    }
    Ok(())
}

//! One use of a model: inputs, a run, outputs.

use std::rc::Rc;

use super::error::InferenceError;
use super::litert::{CompiledModel, Tensor, TensorBuffers};

/// One use of a model, with tensors of its own.
#[derive(Debug)]
pub struct Session {
    model: Rc<CompiledModel>,
    /// Taken from the model and given back at the end; what another session left in them is never readable: a run needs
    /// all inputs set, outputs are read only after a run and are zero before.
    buffers: TensorBuffers,
    inputs_set: Vec<bool>,
    outputs: Option<Vec<Vec<u8>>>,
}

impl Session {
    pub(super) fn new(model: Rc<CompiledModel>) -> Result<Self, InferenceError> {
        let buffers = model.take_buffers()?;
        let inputs_set = vec![false; model.inputs().len()];
        Ok(Self { model, buffers, inputs_set, outputs: None })
    }

    /// Name and size in bytes of each input.
    #[cfg(test)]
    pub(super) fn inputs(&self) -> Vec<(String, usize)> {
        self.model.inputs().iter().map(|tensor| (tensor.name.clone(), tensor.bytes)).collect()
    }

    /// Sets the input of that name; `data` has the tensor's exact size, in its own element type, little-endian.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`] or [`InferenceError::WrongSize`].
    pub fn set_input(&mut self, name: &str, data: &[u8]) -> Result<(), InferenceError> {
        let index = find(self.model.inputs(), "input", name)?;
        let expected = self.model.inputs()[index].bytes;
        if data.len() != expected {
            return Err(InferenceError::WrongSize { name: name.to_owned(), expected, found: data.len() });
        }
        self.buffers.write_input(index, data)?;
        self.inputs_set[index] = true;
        Ok(())
    }

    /// Runs the model on the inputs; may be repeated.
    ///
    /// # Errors
    /// [`InferenceError::InputNotSet`], or LiteRT's status.
    pub fn run(&mut self) -> Result<(), InferenceError> {
        if let Some(missing) = self.inputs_set.iter().position(|set| !set) {
            return Err(InferenceError::InputNotSet(self.model.inputs()[missing].name.clone()));
        }
        self.outputs = None;
        self.model.run(&mut self.buffers)?;
        self.outputs = Some(self.buffers.read_outputs(self.model.outputs())?);
        Ok(())
    }

    /// The number of the output of that name.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`].
    pub fn output_index(&self, name: &str) -> Result<usize, InferenceError> {
        find(self.model.outputs(), "output", name)
    }

    /// Bytes of the output with that number.
    ///
    /// # Errors
    /// [`InferenceError::UnknownTensor`].
    pub fn output_len(&self, index: usize) -> Result<usize, InferenceError> {
        let outputs = self.model.outputs();
        outputs
            .get(index)
            .map(|tensor| tensor.bytes)
            .ok_or_else(|| unknown(outputs, "output", index.to_string()))
    }

    /// The raw values of the output with that number, in its own element type, little-endian.
    ///
    /// # Errors
    /// [`InferenceError::NotRun`] or [`InferenceError::UnknownTensor`].
    pub fn output(&self, index: usize) -> Result<&[u8], InferenceError> {
        let outputs = self.outputs.as_ref().ok_or(InferenceError::NotRun)?;
        outputs
            .get(index)
            .map(Vec::as_slice)
            .ok_or_else(|| unknown(self.model.outputs(), "output", index.to_string()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.model.give_back(std::mem::take(&mut self.buffers));
    }
}

/// Tensors go by their name in the graph; the signature's names are accepted too.
fn find(tensors: &[Tensor], kind: &'static str, name: &str) -> Result<usize, InferenceError> {
    let by = |key: fn(&Tensor) -> &str| tensors.iter().position(|tensor| key(tensor) == name);
    by(|tensor| &tensor.name)
        .or_else(|| by(|tensor| &tensor.signature_name))
        .ok_or_else(|| unknown(tensors, kind, format!("{name:?}")))
}

fn unknown(tensors: &[Tensor], kind: &'static str, wanted: String) -> InferenceError {
    let names: Vec<String> = tensors.iter().map(|tensor| format!("{:?}", tensor.name)).collect();
    InferenceError::UnknownTensor { kind, wanted, known: names.join(", ") }
}

//! One use of a model: inputs, a run, outputs.

use std::rc::Rc;

use super::buffers::TensorBuffers;
use super::compiled::CompiledModel;
use super::signature::Tensor;
use crate::inference::backend::Session;
use crate::inference::error::InferenceError;
use crate::inference::tensor::TensorType;

/// One use of a model, with tensors of its own.
#[derive(Debug)]
pub(in crate::inference) struct LiteRtSession {
    model: Rc<CompiledModel>,
    /// Taken from the model and given back at the end; what another session left in them is never readable: a run needs
    /// all inputs set, outputs are read only after a run and are zero before.
    buffers: TensorBuffers,
    inputs_set: Vec<bool>,
    outputs: Option<Vec<Vec<u8>>>,
}

impl LiteRtSession {
    pub(in crate::inference) fn new(model: Rc<CompiledModel>) -> Result<Self, InferenceError> {
        let buffers = model.take_buffers()?;
        let inputs_set = vec![false; model.inputs().len()];
        Ok(Self { model, buffers, inputs_set, outputs: None })
    }

    /// Bytes of each input.
    #[cfg(test)]
    pub(in crate::inference) fn inputs(&self) -> Vec<usize> {
        self.model.inputs().iter().map(|tensor| tensor.bytes).collect()
    }
}

impl Session for LiteRtSession {
    fn input_index(&self, name: &str) -> Result<usize, InferenceError> {
        find(self.model.inputs(), "input", name)
    }

    fn input_type(&self, index: usize) -> Option<TensorType> {
        self.model.inputs().get(index).map(Tensor::tensor_type)
    }

    fn set_input(&mut self, index: usize, data: &[u8]) -> Result<(), InferenceError> {
        let inputs = self.model.inputs();
        let (Some(input), Some(is_set)) = (inputs.get(index), self.inputs_set.get_mut(index)) else {
            return Err(unknown(inputs, "input", index.to_string()));
        };
        if data.len() != input.bytes {
            let (name, expected, found) = (input.name.clone(), input.bytes, data.len());
            return Err(InferenceError::WrongSize { name, expected, found });
        }
        self.buffers.write_input(index, data)?;
        *is_set = true;
        Ok(())
    }

    fn run(&mut self) -> Result<(), InferenceError> {
        let mut inputs = self.model.inputs().iter().zip(&self.inputs_set);
        if let Some((missing, _)) = inputs.find(|(_, is_set)| !**is_set) {
            return Err(InferenceError::InputNotSet(missing.name.clone()));
        }
        self.outputs = None;
        self.model.run(&mut self.buffers)?;
        self.outputs = Some(self.buffers.read_outputs(self.model.outputs())?);
        Ok(())
    }

    fn output_index(&self, name: &str) -> Result<usize, InferenceError> {
        find(self.model.outputs(), "output", name)
    }

    fn output_len(&self, index: usize) -> Result<usize, InferenceError> {
        let outputs = self.model.outputs();
        outputs
            .get(index)
            .map(|tensor| tensor.bytes)
            .ok_or_else(|| unknown(outputs, "output", index.to_string()))
    }

    fn output(&self, index: usize) -> Result<&[u8], InferenceError> {
        let outputs = self.outputs.as_ref().ok_or(InferenceError::NotRun)?;
        outputs
            .get(index)
            .map(Vec::as_slice)
            .ok_or_else(|| unknown(self.model.outputs(), "output", index.to_string()))
    }
}

impl Drop for LiteRtSession {
    fn drop(&mut self) {
        self.model.give_back(std::mem::take(&mut self.buffers));
    }
}

/// Tensors go by their name in the graph; the signature's names are accepted too.
fn find(tensors: &[Tensor], role: &'static str, name: &str) -> Result<usize, InferenceError> {
    let by = |key: fn(&Tensor) -> &str| tensors.iter().position(|tensor| key(tensor) == name);
    by(|tensor| &tensor.name)
        .or_else(|| by(|tensor| &tensor.signature_name))
        .ok_or_else(|| unknown(tensors, role, format!("{name:?}")))
}

fn unknown(tensors: &[Tensor], role: &'static str, wanted: String) -> InferenceError {
    let names: Vec<String> = tensors.iter().map(|tensor| format!("{:?}", tensor.name)).collect();
    InferenceError::UnknownTensor { role, wanted, known: names.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::path::Path;

    use super::super::LiteRt;
    use super::*;

    #[test]
    fn outputs_are_zero_before_a_run_has_written_them() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/groceries/model.tflite");
        let library = LiteRt::new(NonZeroUsize::MIN).unwrap();
        let model = library.compile(&std::fs::read(file).unwrap(), None).unwrap();
        let mut session = LiteRtSession::new(Rc::clone(&model)).unwrap();
        session.set_input(0, &vec![99; session.inputs()[0]]).unwrap();
        session.run().unwrap();
        assert!(session.output(0).unwrap().iter().any(|&byte| byte != 0));
        drop(session);
        let reused = model.take_buffers().unwrap();
        let outputs = reused.read_outputs(model.outputs()).unwrap();
        assert!(outputs.concat().iter().all(|&byte| byte == 0), "{outputs:?}");
    }
}

//! The function's calls of the host: inference.

use std::process::ExitCode;

use kit::{FunctionError, Picture};
use recognize::{Classification, Classifier, Model, input};
use wasmedge_tensorflow_interface::wasmedge_tensorflowlite as tflite;

use crate::place;

const NO_MODEL: &str = "the function has no model: put one in with `vision function`";

pub(crate) fn main() -> ExitCode {
    kit::run(|event| {
        let block = place::block().ok_or_else(|| FunctionError::internal(NO_MODEL))?;
        let model = Model::read(block).map_err(|damage| {
            FunctionError::internal(format!("the function's model can't be read: {damage}"))
        })?;
        recognize::answer(event, &model, &mut Host)
    })
}

struct Host;

impl Classifier for Host {
    fn classify(
        &mut self,
        picture: &Picture<'_>,
        model: &Model<'_>,
    ) -> Result<Classification, FunctionError> {
        let description = model.description();
        let pixels = picture.pixels(description.input.width, description.input.height)?;
        let tensor = input::tensor(pixels.rgb, &description.input);
        let output = run_model(model, &tensor)?;
        Ok(Classification { output, notice: pixels.notice })
    }
}

fn run_model(model: &Model<'_>, tensor: &[u8]) -> Result<Vec<u8>, FunctionError> {
    let (weights, description) = (model.weights(), model.description());
    let (mut session, mut index, mut length, mut written) = (0_u32, 0_u32, 0_u32, 0_u32);
    let (input, output) = (description.input.tensor.as_str(), description.output.tensor.as_str());
    // The crate's own wrappers copy the model first and unwrap every result; the functions beneath do neither.
    // SAFETY: every pointer is to a living value of the length that goes with it; results go to u32 variables.
    unsafe {
        let out = &raw mut session as i32;
        check("create_session", tflite::create_session(weights.as_ptr() as i32, weights.len() as i32, out))?;
        let session = session as i32;
        let (name, data) = (input.as_ptr() as i32, tensor.as_ptr() as i32);
        check(
            "append_input",
            tflite::append_input(session, name, input.len() as i32, data, tensor.len() as i32),
        )?;
        check("run_session", tflite::run_session(session))?;
        let (name, out) = (output.as_ptr() as i32, &raw mut index as i32);
        check("get_output_tensor", tflite::get_output_tensor(session, name, output.len() as i32, out))?;
        let out = &raw mut length as i32;
        check("get_tensor_len", tflite::get_tensor_len(session, index as i32, out))?;
        let mut values = vec![0_u8; length as usize];
        let (buffer, out) = (values.as_mut_ptr() as i32, &raw mut written as i32);
        check("get_tensor_data", tflite::get_tensor_data(session, index as i32, buffer, length as i32, out))?;
        check("delete_session", tflite::delete_session(session))?;
        Ok(values)
    }
}

/// Errors of the ABI are the host's or the model's fault, never the caller's.
fn check(function: &str, result: i32) -> Result<(), FunctionError> {
    match result {
        0 => Ok(()),
        code => Err(FunctionError::internal(format!("the host's {function} failed with code {code}"))),
    }
}

//! The function's calls of the host: inference.

use std::process::ExitCode;

use kit::{FunctionError, Picture};
use recognize::{Classification, Classifier, MODEL, Quantization};
use wasmedge_tensorflow_interface::wasmedge_tensorflowlite as tflite;

include!(concat!(env!("OUT_DIR"), "/weights.rs"));

#[repr(align(16))]
struct Aligned<T>(T);

pub(crate) fn main() -> ExitCode {
    kit::run(|event| recognize::answer(event, &mut Host))
}

struct Host;

impl Classifier for Host {
    fn classify(&mut self, picture: &Picture<'_>) -> Result<Classification, FunctionError> {
        let pixels = picture.pixels(MODEL.width, MODEL.height)?;
        let values = run_model(&pixels.rgb)?;
        Ok(Classification { values, quantization: OUTPUT, notice: pixels.notice })
    }
}

fn run_model(pixels: &[u8]) -> Result<Vec<u8>, FunctionError> {
    let weights = &WEIGHTS.0;
    let (mut session, mut tensor, mut length, mut written) = (0_u32, 0_u32, 0_u32, 0_u32);
    let (input, output) = (MODEL.input_tensor, MODEL.output_tensor);
    // The crate's own wrappers copy the model first and unwrap every result; the functions beneath do neither.
    // SAFETY: every pointer is to a living value of the length that goes with it; results go to u32 variables.
    unsafe {
        let out = &raw mut session as i32;
        check("create_session", tflite::create_session(weights.as_ptr() as i32, weights.len() as i32, out))?;
        let session = session as i32;
        let (name, data) = (input.as_ptr() as i32, pixels.as_ptr() as i32);
        check(
            "append_input",
            tflite::append_input(session, name, input.len() as i32, data, pixels.len() as i32),
        )?;
        check("run_session", tflite::run_session(session))?;
        let (name, out) = (output.as_ptr() as i32, &raw mut tensor as i32);
        check("get_output_tensor", tflite::get_output_tensor(session, name, output.len() as i32, out))?;
        let out = &raw mut length as i32;
        check("get_tensor_len", tflite::get_tensor_len(session, tensor as i32, out))?;
        let mut values = vec![0_u8; length as usize];
        let (buffer, out) = (values.as_mut_ptr() as i32, &raw mut written as i32);
        check(
            "get_tensor_data",
            tflite::get_tensor_data(session, tensor as i32, buffer, length as i32, out),
        )?;
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

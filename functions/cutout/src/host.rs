//! The function's calls of the host: networks. Pictures go through the kit.

use std::process::ExitCode;

use cutout::passes::Networks;
use kit::FunctionError;
use wasmedge_tensorflow_interface::wasmedge_tensorflowlite as tflite;

/// A network as it lies in the module: where the runtime can use it without a copy.
#[repr(C, align(64))]
struct Aligned<const BYTES: usize>([u8; BYTES]);

macro_rules! network {
    ($name:ident, $file:literal) => {
        static $name: Aligned<{ include_bytes!(concat!(env!("OUT_DIR"), "/", $file)).len() }> =
            Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/", $file)));
    };
}

network!(SELFIE, "selfie.tflite");
network!(FACES, "faces.tflite");

pub(crate) fn main() -> ExitCode {
    kit::run_as("cutout", |event| cutout::answer(event, &mut Host))
}

struct Host;

impl Networks for Host {
    fn person(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        run(&SELFIE.0, "input_1", "activation_10", tensor)
    }

    fn face(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        run(&FACES.0, "input_1", "Identity_1", tensor)
    }
}

/// Runs a network once. Whatever fails is the host's or the network's fault, never the caller's.
fn run(network: &[u8], input: &str, output: &str, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
    if network.is_empty() {
        return Err(FunctionError::internal("the function was built without its networks (models/fetch.py)"));
    }
    let (mut session, mut index, mut length, mut written) = (0_u32, 0_u32, 0_u32, 0_u32);
    // SAFETY: every pointer is to a living value of the length that goes with it; results go to u32 variables, and the output to
    // a vector of as many bytes as the host said.
    unsafe {
        let out = &raw mut session as i32;
        check("create_session", tflite::create_session(network.as_ptr() as i32, network.len() as i32, out))?;
        let session = session as i32;
        let (name, data) = (input.as_ptr() as i32, tensor.as_ptr() as i32);
        check(
            "append_input",
            tflite::append_input(session, name, input.len() as i32, data, size_of_val(tensor) as i32),
        )?;
        check("run_session", tflite::run_session(session))?;
        let (name, out) = (output.as_ptr() as i32, &raw mut index as i32);
        check("get_output_tensor", tflite::get_output_tensor(session, name, output.len() as i32, out))?;
        let out = &raw mut length as i32;
        check("get_tensor_len", tflite::get_tensor_len(session, index as i32, out))?;
        let mut values = vec![0_f32; length as usize / size_of::<f32>()];
        let (buffer, out) = (values.as_mut_ptr() as i32, &raw mut written as i32);
        let bytes = size_of_val(values.as_slice()) as i32;
        check("get_tensor_data", tflite::get_tensor_data(session, index as i32, buffer, bytes, out))?;
        check("delete_session", tflite::delete_session(session))?;
        Ok(values)
    }
}

fn check(function: &str, result: i32) -> Result<(), FunctionError> {
    match result {
        0 => Ok(()),
        code => Err(FunctionError::internal(format!("the host's {function} failed with code {code}"))),
    }
}

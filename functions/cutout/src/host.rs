//! The function's calls of the host: networks. Pictures go through the kit.

use std::process::ExitCode;

use cutout::passes::Networks;
use kit::FunctionError;

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

/// Runs a network once.
fn run(network: &[u8], input: &str, output: &str, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
    if network.is_empty() {
        return Err(FunctionError::internal("the function was built without its networks (models/fetch.py)"));
    }
    kit::run_model(network, input, output, tensor)
}

//! The host's side of the function: streams, picture decoding and inference.

use std::io::{self, Read, Write};
use std::process::{ExitCode, exit};
use std::sync::OnceLock;

use recognize::{Classifier, Format, FunctionError, MAX_EVENT_BYTES, MODEL, Quantization, Reply};
use wasmedge_tensorflow_interface::{wasmedge_image, wasmedge_tensorflowlite as tflite};

include!(concat!(env!("OUT_DIR"), "/weights.rs"));

#[repr(align(16))]
struct Aligned<T>(T);

/// The event, where a panic can find it: the answer must have the event's form.
static EVENT: OnceLock<Vec<u8>> = OnceLock::new();

pub(crate) fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let event = EVENT.get().map_or(&[][..], Vec::as_slice);
        finish(&recognize::internal_error(event, &format!("the function failed: {panic}")));
    }));
    let event = EVENT.get_or_init(read_event);
    // Returns where it can: a host ends an instance that calls `exit` as it does one that failed, with a look at its stack.
    ExitCode::from(deliver(&recognize::answer(event, &mut Host)))
}

/// Reads no more than a byte over the limit. The space is asked for at once: memory that is not touched costs nothing
/// and a vector that grows would copy the event several times.
fn read_event() -> Vec<u8> {
    let limit = MAX_EVENT_BYTES + 1;
    let mut event = Vec::with_capacity(256 << 10);
    if let Err(error) = io::stdin().lock().take(limit as u64).read_to_end(&mut event) {
        finish(&recognize::internal_error(&[], &format!("the event can't be read: {error}")));
    }
    event
}

fn finish(reply: &Reply) -> ! {
    exit(deliver(reply).into())
}

/// Writes the answer; the exit code.
fn deliver(reply: &Reply) -> u8 {
    let written = io::stdout().write_all(reply.stdout.as_bytes()).and_then(|()| io::stdout().flush());
    let reported = io::stderr().write_all(reply.stderr.as_bytes());
    if written.is_ok() && reported.is_ok() { reply.exit_code } else { 1 }
}

struct Host;

impl Classifier for Host {
    fn classify(&mut self, encoded: &[u8], format: Format) -> Result<(Vec<u8>, Quantization), FunctionError> {
        let pixels = load_picture(encoded, format)?;
        Ok((run_model(&pixels)?, OUTPUT))
    }
}

/// RGB, unsigned bytes (kind 0 of the ABI).
const RGB8: i32 = 0;

/// What our runtime answers where others know one failure (docs/architecture.md).
const TOO_MUCH_MEMORY: i32 = 2;

fn load_picture(encoded: &[u8], format: Format) -> Result<Vec<u8>, FunctionError> {
    let mut pixels = vec![0; MODEL.width as usize * MODEL.height as usize * 3];
    let load = match format {
        Format::Jpeg => wasmedge_image::load_jpg,
        Format::Png => wasmedge_image::load_png,
    };
    // SAFETY: both slices are alive during the call, and the lengths are theirs.
    let result = unsafe {
        load(
            encoded.as_ptr() as i32,
            encoded.len() as i32,
            MODEL.width as i32,
            MODEL.height as i32,
            RGB8,
            pixels.as_mut_ptr() as i32,
            pixels.len() as i32,
        )
    };
    match result {
        0 => Ok(pixels),
        TOO_MUCH_MEMORY => Err(FunctionError::TooLarge(format!(
            "decoding the picture, a {} that must be in memory as a whole, takes more than the runtime gives to one",
            format.name()
        ))),
        _ => {
            let reason = "its data is damaged or incomplete".to_owned();
            Err(FunctionError::Undecodable { format: format.name(), reason })
        }
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
        code => Err(FunctionError::Internal(format!("the host's {function} failed with code {code}"))),
    }
}

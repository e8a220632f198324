//! The calls of the host that run a TensorFlow Lite model.

use bytemuck::Pod;
use wasmedge_tensorflow_interface::wasmedge_tensorflowlite as host;

use crate::error::FunctionError;

/// Runs `model` once on the values of its input `input`; the values of its output `output`. `T` is a type that holds the values
/// of both, or bytes (`u8`) for values of any type as they lie in memory.
///
/// # Errors
/// The host refuses the model, the name or the number of values. That is the host's or the model's fault, never the caller's.
pub fn run_model<T: Pod>(
    model: &[u8],
    input: &str,
    output: &str,
    values: &[T],
) -> Result<Vec<T>, FunctionError> {
    let (mut session, mut index, mut length, mut written) = (0_u32, 0_u32, 0_u32, 0_u32);
    // The crate's own wrappers copy the model first and unwrap every result; the functions beneath do neither.
    // SAFETY: every pointer is to a living value of the length that goes with it; results go to u32 variables, and the output to
    // a vector of at most as many bytes as the host said, of a type that may have any bytes.
    unsafe {
        let out = &raw mut session as i32;
        check("create_session", host::create_session(model.as_ptr() as i32, model.len() as i32, out))?;
        let session = session as i32;
        let (name, data) = (input.as_ptr() as i32, values.as_ptr() as i32);
        let bytes = size_of_val(values) as i32;
        check("append_input", host::append_input(session, name, input.len() as i32, data, bytes))?;
        check("run_session", host::run_session(session))?;
        let (name, out) = (output.as_ptr() as i32, &raw mut index as i32);
        check("get_output_tensor", host::get_output_tensor(session, name, output.len() as i32, out))?;
        let out = &raw mut length as i32;
        check("get_tensor_len", host::get_tensor_len(session, index as i32, out))?;
        let mut answer = vec![T::zeroed(); length as usize / size_of::<T>().max(1)];
        let (buffer, out) = (answer.as_mut_ptr() as i32, &raw mut written as i32);
        let bytes = size_of_val(answer.as_slice()) as i32;
        check("get_tensor_data", host::get_tensor_data(session, index as i32, buffer, bytes, out))?;
        check("delete_session", host::delete_session(session))?;
        Ok(answer)
    }
}

fn check(function: &str, result: i32) -> Result<(), FunctionError> {
    match result {
        0 => Ok(()),
        code => Err(FunctionError::internal(format!("the host's {function} failed with code {code}"))),
    }
}

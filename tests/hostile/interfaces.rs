//! The functions of TensorFlow graphs, of WASI-NN and of the older interfaces, with what they answer.

use wasmedge_sdk::ValType;

use crate::functions::Parameter::{Length as L, Long as N64, Number as N, Pointer as P};
use crate::functions::{Function, NN, Parameter, TENSORFLOW};
use crate::memory_layout::{
    BUILDER, IMAGE_NAME, LIST, LONG_DIMENSIONS, MODEL, MODEL_BYTES, OUT, OUTPUT_NAME, PATH, PICTURE,
    PICTURE_BYTES, PIXELS, PIXELS_BYTES, TENSOR,
};

pub(crate) const DONE: u32 = 0;
pub(crate) const INVALID_ARGUMENT: u32 = 1;
pub(crate) const BUSY: u32 = 4;
pub(crate) const NOT_FOUND: u32 = 8;
pub(crate) const PIXELS_OF_MODEL: u32 = 192 * 192 * 3;

/// `wasmedge_tensorflow` 0.3. The event's model is no graph, so that there is no session.
pub(crate) fn graphs() -> Vec<Function> {
    let function = |name, parameters: &[Parameter], answer| Function {
        module: TENSORFLOW,
        name,
        parameters: parameters.to_vec(),
        result: Some(ValType::I32),
        answer,
    };
    let (session, name) = ([N(1)], [P(IMAGE_NAME), L(5)]);
    let named = |after: &[Parameter]| [session.as_slice(), &name, after].concat();
    let tensor = [P(LONG_DIMENSIONS), L(4), N(4), P(PIXELS), L(PIXELS_OF_MODEL)];
    vec![
        function("create_session", &[P(MODEL), L(MODEL_BYTES), P(OUT)], INVALID_ARGUMENT),
        function("create_session_saved_model", &[P(PATH), L(10), P(LIST), L(1), P(OUT)], INVALID_ARGUMENT),
        function("delete_session", &session, DONE),
        function("run_session", &session, INVALID_ARGUMENT),
        function("append_input", &named(&tensor), INVALID_ARGUMENT),
        function("append_output", &named(&[]), INVALID_ARGUMENT),
        function("clear_input", &session, INVALID_ARGUMENT),
        function("clear_output", &session, INVALID_ARGUMENT),
        function("get_output_tensor", &named(&[P(OUT)]), INVALID_ARGUMENT),
        function("get_tensor_len", &[N(1), N(0), P(OUT)], INVALID_ARGUMENT),
        function("get_tensor_data", &[N(1), N(0), P(PIXELS), L(81), P(OUT)], INVALID_ARGUMENT),
    ]
}

/// `wasi_ephemeral_nn`, with a context over the event's model.
pub(crate) fn nn() -> Vec<Function> {
    let function = |name, parameters: &[Parameter], answer| Function {
        module: NN,
        name,
        parameters: parameters.to_vec(),
        result: Some(ValType::I32),
        answer,
    };
    let output = [N(1), N(0), P(PIXELS), L(PIXELS_BYTES), P(OUT)];
    vec![
        function("load", &[P(BUILDER), L(1), N(4), N(0), P(OUT)], DONE),
        function("load_by_name", &[P(IMAGE_NAME), L(5), P(OUT)], NOT_FOUND),
        function("load_by_name_with_config", &[P(IMAGE_NAME), L(5), P(PATH), L(10), P(OUT)], NOT_FOUND),
        function("init_execution_context", &[N(1), P(OUT)], DONE),
        function("set_input", &[N(1), N(0), P(TENSOR)], DONE),
        function("compute", &[N(1)], DONE),
        function("get_output", &output, DONE),
        function("get_output_single", &output, INVALID_ARGUMENT),
        function("compute_single", &[N(1)], INVALID_ARGUMENT),
        function("fini_single", &[N(1)], INVALID_ARGUMENT),
        function("unload", &[N(1)], DONE),
        function("finalize_execution_context", &[N(1)], DONE),
    ]
}

/// The functions whose names begin with `prefix`; session 1 is over the event's model, 2 is its output.
pub(crate) fn older(
    image: &'static str,
    tensorflow_lite: &'static str,
    tensorflow: &'static str,
    prefix: &'static str,
) -> Vec<Function> {
    let picture = [P(PICTURE), L(PICTURE_BYTES), N(32), N(32), P(PIXELS)];
    let (session, tensor, name) = ([N64(1)], [N64(2)], [P(IMAGE_NAME), L(5)]);
    let named = |name: &[Parameter], after: &[Parameter]| [session.as_slice(), name, after].concat();
    let (i32, i64) = (Some(ValType::I32), Some(ValType::I64));
    let fed = [N(0), P(LONG_DIMENSIONS), L(4), N(4), P(PIXELS), L(PIXELS_OF_MODEL)];
    let data: &[Parameter] = &[N64(2), P(PIXELS)];
    let mut all = Vec::new();
    for name in [
        "load_jpg_to_rgb8",
        "load_jpg_to_bgr8",
        "load_jpg_to_rgb32f",
        "load_jpg_to_bgr32f",
        "load_png_to_rgb8",
        "load_png_to_bgr8",
        "load_png_to_rgb32f",
        "load_png_to_bgr32f",
    ] {
        all.push((image, "image", name, picture.to_vec(), i32, DONE));
    }
    let model: &[Parameter] = &[P(MODEL), L(MODEL_BYTES)];
    let output: &[Parameter] = &[P(OUTPUT_NAME), L(13)];
    let pixels: &[Parameter] = &[P(PIXELS), L(PIXELS_OF_MODEL)];
    all.extend([
        (tensorflow_lite, "tensorflowlite", "create_session", model.to_vec(), i64, 1),
        (tensorflow_lite, "tensorflowlite", "delete_session", session.to_vec(), None, DONE),
        // Without an input.
        (tensorflow_lite, "tensorflowlite", "run_session", session.to_vec(), i32, 1),
        (tensorflow_lite, "tensorflowlite", "get_output_tensor", named(output, &[]), i64, 2),
        (tensorflow_lite, "tensorflowlite", "get_tensor_len", tensor.to_vec(), i32, 81),
        (tensorflow_lite, "tensorflowlite", "get_tensor_data", data.to_vec(), None, DONE),
        (tensorflow_lite, "tensorflowlite", "append_input", named(&name, pixels), None, DONE),
        // The event's model is no graph, so that there is no session.
        (tensorflow, "tensorflow", "create_session", model.to_vec(), i64, 0),
        (tensorflow, "tensorflow", "delete_session", session.to_vec(), None, DONE),
        (tensorflow, "tensorflow", "run_session", session.to_vec(), i32, 1),
        (tensorflow, "tensorflow", "get_output_tensor", named(output, &[N(0)]), i64, 0),
        (tensorflow, "tensorflow", "get_tensor_len", tensor.to_vec(), i32, 81),
        (tensorflow, "tensorflow", "get_tensor_data", data.to_vec(), None, DONE),
        (tensorflow, "tensorflow", "append_input", named(&name, &fed), None, DONE),
        (tensorflow, "tensorflow", "append_output", named(&name, &[N(0)]), None, DONE),
        (tensorflow, "tensorflow", "clear_input", session.to_vec(), None, DONE),
        (tensorflow, "tensorflow", "clear_output", session.to_vec(), None, DONE),
    ]);
    let function = |(module, part, name, parameters, result, answer)| {
        let name: &'static str = Box::leak(format!("{prefix}_{part}_{name}").into_boxed_str());
        Function { module, name, parameters, result, answer }
    };
    all.into_iter().map(function).collect()
}

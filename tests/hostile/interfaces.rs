//! The functions of TensorFlow graphs, of WASI-NN and of the older interfaces, with what they answer; and handles that are not
//! what they ask for: forged, given back, of another interface.

use wasmedge_sdk::ValType;

use crate::functions::Parameter::{Length as L, Long as N64, Number as N, Pointer as P};
use crate::functions::{
    self, Function, IMAGE, NN, Parameter, SSVM_TENSORFLOW, SSVM_TENSORFLOW_LITE, TENSORFLOW,
};
use crate::guest::{Call, Guest};
use crate::memory_layout::{
    BUILDER, IMAGE_NAME, LIST, LONG_DIMENSIONS, MODEL, MODEL_BYTES, OUT, OUTPUT_NAME, PATH, PICTURE,
    PICTURE_BYTES, PIXELS, PIXELS_BYTES, TENSOR,
};

const DONE: u32 = 0;
const INVALID_ARGUMENT: u32 = 1;
const BUSY: u32 = 4;
const NOT_FOUND: u32 = 8;
const PIXELS_OF_MODEL: u32 = 192 * 192 * 3;

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

/// The ordinary call of an older function over TensorFlow Lite models or graphs.
fn ssvm(part: &str, name: &str) -> Call {
    let module = if part == "tensorflow" { SSVM_TENSORFLOW } else { SSVM_TENSORFLOW_LITE };
    Call::of(module, &format!("ssvm_{part}_{name}"))
}

fn ssvm_lite(name: &str) -> Call {
    ssvm("tensorflowlite", name)
}

#[test]
fn the_older_interface_answers_a_picture_as_the_newer_does() {
    let guest = Guest::start();
    let loaded = Call::of("ssvm_image", "ssvm_image_load_jpg_to_rgb8").with(2, 192_u32).with(3, 192_u32);
    let calls = [
        ssvm_lite("create_session"),
        ssvm_lite("get_output_tensor"),
        loaded,
        ssvm_lite("append_input"),
        ssvm_lite("run_session"),
    ];
    assert_eq!(guest.result(&calls), 0);
    let with = |last: Call| guest.result(&[calls.as_slice(), &[last]].concat());
    assert_eq!(with(ssvm_lite("get_tensor_len")), 81);
    assert_eq!(with(ssvm_lite("get_output_tensor")), 2, "the same each time");
    assert_eq!(with(ssvm_lite("create_session")), 3, "no number is given out twice");
}

#[test]
fn handles_of_64_bits_that_are_not_the_module_s_are_nothing_to_the_older_functions() {
    let guest = Guest::start();
    let forged = [0_u64, 3, 77, 1 << 32, (1 << 32) + 1, (1 << 32) + 2, 1 << 63, u64::MAX];
    for part in ["tensorflow", "tensorflowlite"] {
        for (name, nothing) in
            [("run_session", 1), ("get_output_tensor", 0), ("get_tensor_len", 0), ("delete_session", 0)]
        {
            for handle in forged {
                let calls = [
                    ssvm_lite("create_session"),
                    ssvm_lite("get_output_tensor"),
                    ssvm(part, name).with(0, handle),
                ];
                assert_eq!(guest.result(&calls), nothing, "{part} {name} {handle:#x}");
            }
        }
    }
    // The session itself is still there.
    let calls = [
        ssvm_lite("create_session"),
        ssvm_lite("delete_session").with(0, 77_u64),
        ssvm_lite("get_output_tensor"),
    ];
    assert_eq!(guest.result(&calls), 2);
    guest.assert_answers();
}

#[test]
fn a_tensor_is_no_session_and_a_session_no_tensor() {
    let guest = Guest::start();
    let made = [ssvm_lite("create_session"), ssvm_lite("get_output_tensor")];
    let result = |call: Call| guest.result(&[made.as_slice(), &[call]].concat());
    assert_eq!(result(ssvm_lite("run_session").with(0, 2_u64)), 1);
    assert_eq!(result(ssvm_lite("get_output_tensor").with(0, 2_u64)), 0);
    assert_eq!(result(ssvm_lite("get_tensor_len").with(0, 1_u64)), 0);
    // Nor is a session over a TensorFlow Lite model one over a graph.
    assert_eq!(result(ssvm("tensorflow", "run_session")), 1);
    assert_eq!(result(ssvm("tensorflow", "get_output_tensor")), 0);
    // To give back a tensor as if it was a session gives back nothing.
    let deleted =
        [made.as_slice(), &[ssvm_lite("delete_session").with(0, 2_u64), ssvm_lite("get_tensor_len")]]
            .concat();
    assert_eq!(guest.result(&deleted), 81);
}

#[test]
fn with_a_session_its_tensors_are_gone() {
    let guest = Guest::start();
    let calls = |last: Call| {
        vec![
            ssvm_lite("create_session"),
            ssvm_lite("get_output_tensor"),
            ssvm_lite("delete_session"),
            ssvm_lite("create_session"),
            last,
        ]
    };
    assert_eq!(guest.result(&calls(ssvm_lite("get_tensor_len"))), 0);
    assert_eq!(guest.result(&calls(ssvm_lite("run_session"))), 1);
    assert_eq!(guest.result(&calls(ssvm_lite("get_output_tensor"))), 0);
    assert_eq!(guest.result(&calls(ssvm_lite("get_output_tensor").with(0, 3_u64))), 4);
}

#[test]
fn older_sessions_are_as_few_as_newer_ones_and_their_tensors_need_no_more_numbers_each_time() {
    let guest = Guest::start();
    let creations = |count: usize| vec![ssvm_lite("create_session"); count];
    assert_eq!(guest.result(&creations(64)), 64);
    assert_eq!(guest.result(&creations(65)), 0);
    let asked = [vec![ssvm_lite("create_session")], vec![ssvm_lite("get_output_tensor"); 4_000]].concat();
    assert_eq!(guest.result(&asked), 2);
    guest.assert_answers();
}

#[test]
fn an_older_buffer_that_ends_outside_of_the_memory_gets_nothing() {
    let guest = Guest::start();
    let end = crate::memory_layout::MEMORY_BYTES;
    for module in ["ssvm_image", IMAGE] {
        let name = if module == IMAGE {
            "wasmedge_image_load_jpg_to_rgb32f"
        } else {
            "ssvm_image_load_jpg_to_rgb32f"
        };
        let load = |side: u32, out: u32| {
            guest.result(&[Call::of(module, name).with(2, side).with(3, side).with(4, out)])
        };
        assert_eq!(load(32, end - 32 * 32 * 12), 0);
        assert_eq!(load(32, end - 32 * 32 * 12 + 1), 1);
        // 2^30 x 2^30 x 12 and 65,536 x 65,536 x 12 are 0 in 32 bits.
        assert_eq!(load(1 << 30, 0), 1);
        assert_eq!(load(1 << 16, 0), 1);
    }
    guest.assert_answers();
}

fn nn_call(name: &str) -> Call {
    Call::of(NN, name)
}

#[test]
fn wasi_nn_answers_a_picture() {
    let guest = Guest::start();
    let calls = [
        nn_call("load"),
        nn_call("init_execution_context"),
        Call::ordinary("load_jpg").with(2, 192_u32).with(3, 192_u32).with(6, PIXELS_OF_MODEL),
        nn_call("set_input"),
        nn_call("compute"),
        nn_call("get_output"),
    ];
    assert_eq!(guest.result(&calls), DONE);
    let with = |last: Call| guest.result(&[calls.as_slice(), &[last]].concat());
    assert_eq!(with(nn_call("get_output").with(3, 80_u32)), INVALID_ARGUMENT, "too little room");
    assert_eq!(with(nn_call("get_output").with(1, 1_u32)), INVALID_ARGUMENT, "no such output");
    assert_eq!(with(nn_call("set_input").with(1, 1_u32)), INVALID_ARGUMENT, "no such input");
}

#[test]
fn wasi_nn_s_encodings_and_targets_have_their_numbers() {
    let guest = Guest::start();
    for (encoding, target, answer) in [
        (4_u32, 0_u32, DONE),
        (4, 1, INVALID_ARGUMENT),
        (4, 2, INVALID_ARGUMENT),
        (4, 3, INVALID_ARGUMENT),
        (4, u32::MAX, INVALID_ARGUMENT),
        (0, 0, INVALID_ARGUMENT),
        (1, 0, INVALID_ARGUMENT),
        (2, 0, INVALID_ARGUMENT),
        (3, 0, INVALID_ARGUMENT),
        (11, 0, INVALID_ARGUMENT),
        (5, 0, 2),
        (12, 0, 2),
        (u32::MAX, 0, 2),
    ] {
        let result = guest.result(&[nn_call("load").with(2, encoding).with(3, target)]);
        assert_eq!(result, answer, "encoding {encoding}, target {target}");
    }
    for builders in [0_u32, 2, u32::MAX] {
        assert_eq!(
            guest.result(&[nn_call("load").with(1, builders)]),
            INVALID_ARGUMENT,
            "{builders} builders"
        );
    }
    guest.assert_answers();
}

#[test]
fn wasi_nn_takes_a_tensor_of_the_model_s_type_and_shape_only() {
    let guest = Guest::start();
    // A tensor of the module's own, behind the calls.
    let result = |words: [u32; 5]| {
        let at = crate::memory_layout::argument_of_call(2, 3);
        let mut call = nn_call("set_input").with(2, at);
        for pair in [[words[0], words[1]], [words[2], words[3]], [words[4], 0]] {
            call = call.followed_by(u64::from(pair[0]) | u64::from(pair[1]) << 32);
        }
        guest.result(&[nn_call("load"), nn_call("init_execution_context"), call])
    };
    let dimensions = crate::memory_layout::DIMENSIONS;
    let good = [dimensions, 4, 3, PIXELS, PIXELS_OF_MODEL];
    assert_eq!(result(good), DONE);
    let with = |place: usize, word: u32| {
        let mut words = good;
        words[place] = word;
        result(words)
    };
    assert_eq!(with(2, 2), DONE, "the older number of bytes");
    assert_eq!(with(2, 0x0036_5802), DONE, "with anything in its padding");
    for (place, word) in [
        (0, dimensions + 4),
        (0, u32::MAX),
        (1, 3),
        (1, 5),
        (1, 1 << 30),
        (1, u32::MAX),
        (2, 0),
        (2, 1),
        (2, 4),
        (2, 255),
        (3, u32::MAX),
        (4, PIXELS_OF_MODEL - 1),
        (4, PIXELS_OF_MODEL + 1),
        (4, u32::MAX),
    ] {
        assert_eq!(with(place, word), INVALID_ARGUMENT, "{word:#x} at {place}");
    }
    guest.assert_answers();
}

#[test]
fn wasi_nn_s_handles_are_unknown_where_they_are_forged_or_were_given_back() {
    let guest = Guest::start();
    let made = [nn_call("load"), nn_call("init_execution_context")];
    for name in [
        "init_execution_context",
        "set_input",
        "compute",
        "get_output",
        "unload",
        "finalize_execution_context",
    ] {
        for handle in [0_u32, 2, 77, 1 << 31, u32::MAX] {
            let calls = [made.as_slice(), &[nn_call(name).with(0, handle)]].concat();
            assert_eq!(guest.result(&calls), INVALID_ARGUMENT, "{name} {handle}");
        }
        let gives_back = if matches!(name, "init_execution_context" | "unload") {
            "unload"
        } else {
            "finalize_execution_context"
        };
        let calls = [made.as_slice(), &[nn_call(gives_back)], &made, &[nn_call(name)]].concat();
        assert_eq!(guest.result(&calls), INVALID_ARGUMENT, "{name} after {gives_back}");
    }
    guest.assert_answers();
}

#[test]
fn a_context_of_wasi_nn_outlives_its_graph_and_starts_without_what_others_have_set() {
    let guest = Guest::start();
    let made = [nn_call("load"), nn_call("init_execution_context")];
    let calls = [
        made.as_slice(),
        &[nn_call("unload"), nn_call("set_input"), nn_call("compute"), nn_call("get_output")],
    ]
    .concat();
    assert_eq!(guest.result(&calls), DONE);
    // Before a run there are zeros, and without inputs it runs on zeros.
    for calls in [vec![nn_call("get_output")], vec![nn_call("compute"), nn_call("get_output")]] {
        assert_eq!(guest.result(&[made.as_slice(), &calls].concat()), DONE);
    }
}

#[test]
fn graphs_and_contexts_of_wasi_nn_are_64_at_most() {
    let guest = Guest::start();
    assert_eq!(guest.result(&vec![nn_call("load"); 64]), DONE);
    assert_eq!(guest.result(&vec![nn_call("load"); 65]), BUSY);
    let contexts =
        |count: usize| [vec![nn_call("load")], vec![nn_call("init_execution_context"); count]].concat();
    assert_eq!(guest.result(&contexts(64)), DONE);
    assert_eq!(guest.result(&contexts(65)), BUSY);
    guest.assert_answers();
}

#[test]
fn no_function_of_wasi_nn_answers_more_than_its_crates_know() {
    let guest = Guest::start();
    for function in functions::all().iter().filter(|function| function.module == NN) {
        for place in 0..function.parameters.len() {
            for value in [0_u64, 1, 9, 0xffff, 1 << 31, u64::from(u32::MAX)] {
                let call = Call::of(NN, function.name).with(place, value);
                let result = guest.result(&Call::after_what_it_needs(function, call));
                assert!(result <= NOT_FOUND, "{} with {value:#x} at {place}: {result}", function.name);
            }
        }
    }
}

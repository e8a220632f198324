//! WASI-NN: numbers, tensors and handles that are not what is asked for.

use crate::functions::{self, NN};
use crate::guest::{Call, Guest};
use crate::interfaces::{BUSY, DONE, INVALID_ARGUMENT, NOT_FOUND, PIXELS_OF_MODEL};
use crate::memory_layout::PIXELS;

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

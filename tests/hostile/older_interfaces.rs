//! Handles of the older interfaces that are not what is asked for: forged, given back, of another kind.

use crate::functions::{IMAGE, SSVM_TENSORFLOW, SSVM_TENSORFLOW_LITE};
use crate::guest::{Call, Guest};

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

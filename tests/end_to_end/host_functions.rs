//! The functions that modules import, with every result code. A module gets the model and the picture as its event,
//! calls one function after the other, and exits with 10 + the result of the last.

use std::fmt::Write as _;

use support::read;

use crate::program::Vision;

const IMPORTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasmedge_image" "load_jpg" (func $load_jpg (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasmedge_image" "load_png" (func $load_png (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasmedge_tensorflowlite" "create_session" (func $create_session (param i32 i32 i32) (result i32)))
    (import "wasmedge_tensorflowlite" "delete_session" (func $delete_session (param i32) (result i32)))
    (import "wasmedge_tensorflowlite" "run_session" (func $run_session (param i32) (result i32)))
    (import "wasmedge_tensorflowlite" "append_input" (func $append_input (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasmedge_tensorflowlite" "get_output_tensor" (func $get_output_tensor (param i32 i32 i32 i32) (result i32)))
    (import "wasmedge_tensorflowlite" "get_tensor_len" (func $get_tensor_len (param i32 i32 i32) (result i32)))
    (import "wasmedge_tensorflowlite" "get_tensor_data" (func $get_tensor_data (param i32 i32 i32 i32 i32) (result i32)))"#;

/// Addresses in the module's memory.
const IMAGE_NAME: u32 = 100; // "image"
const OUTPUT_NAME: u32 = 110; // "probabilities"
const BAD_UTF8: u32 = 130; // 0xFF 0xFE
const SESSION: u32 = 200;
const TENSOR: u32 = 204;
const LENGTH: u32 = 208;
const PIXELS: u32 = 1 << 20;
const EVENT: u32 = 4 << 20;
const MEMORY_PAGES: u32 = 192;
const PAST_THE_END: u32 = MEMORY_PAGES << 16;

/// A call: the function and its arguments, each a number or an address whose content is the argument.
struct Call(&'static str, Vec<Argument>);

#[derive(Clone, Copy)]
enum Argument {
    Number(u32),
    At(u32),
}

use Argument::{At, Number};

/// The model and the picture side by side, as the event.
struct Fixture {
    event: Vec<u8>,
    model: u32,
    picture: u32,
    size: u32,
    classes: u32,
}

impl Fixture {
    fn new() -> Self {
        let model = read("models/groceries/model.tflite");
        let picture = read("tests/samples/tomato.jpg");
        let manifest = String::from_utf8(read("models/groceries/model.toml")).unwrap();
        let number =
            |key: &str| manifest.lines().find_map(|line| line.strip_prefix(key)).unwrap().parse().unwrap();
        let (model_len, picture_len) = (model.len() as u32, picture.len() as u32);
        let event = [model, picture].concat();
        Self {
            event,
            model: model_len,
            picture: picture_len,
            size: number("width = "),
            classes: number("classes = "),
        }
    }

    fn pixels(&self) -> u32 {
        self.size * self.size * 3
    }

    fn create(&self) -> Call {
        Call("create_session", vec![Number(EVENT), Number(self.model), Number(SESSION)])
    }

    fn load(&self) -> Call {
        self.load_as("load_jpg", self.size, 0, self.pixels())
    }

    fn load_as(&self, function: &'static str, size: u32, output_type: u32, out_len: u32) -> Call {
        let picture = Number(EVENT + self.model);
        let numbers = [size, size, output_type, PIXELS, out_len].map(Number);
        Call(function, [&[picture, Number(self.picture)], numbers.as_slice()].concat())
    }

    fn append(&self) -> Call {
        Call(
            "append_input",
            vec![At(SESSION), Number(IMAGE_NAME), Number(5), Number(PIXELS), Number(self.pixels())],
        )
    }

    fn data(&self, tensor: Argument, length: u32) -> Call {
        Call("get_tensor_data", vec![At(SESSION), tensor, Number(PIXELS), Number(length), Number(LENGTH)])
    }

    /// The result of the last of these calls.
    fn result(&self, calls: &[Call]) -> u32 {
        let mut body = String::new();
        for (number, Call(function, arguments)) in calls.iter().enumerate() {
            let arguments: String = arguments
                .iter()
                .map(|argument| match argument {
                    Number(number) => format!("(i32.const {}) ", number.cast_signed()),
                    At(address) => format!("(i32.load (i32.const {address})) "),
                })
                .collect();
            let call = format!("(call ${function} {arguments})");
            if number + 1 == calls.len() {
                write!(body, "(call $exit (i32.add (i32.const 10) {call}))").unwrap();
            } else {
                write!(body, "(if {call} (then unreachable))").unwrap();
            }
        }
        let wat = format!(
            r#"(module {IMPORTS} (memory (export "memory") {MEMORY_PAGES})
            (data (i32.const {IMAGE_NAME}) "image") (data (i32.const {OUTPUT_NAME}) "probabilities")
            (data (i32.const {BAD_UTF8}) "\ff\fe")
            (func (export "_start") (local $at i32)
                (local.set $at (i32.const {EVENT}))
                (block $done (loop $more
                    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (i32.const 1048576))
                    (br_if $done (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                    (br_if $done (i32.eqz (i32.load (i32.const 8))))
                    (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
                    (br $more)))
                {body}))"#
        );
        let (_folder, call) = Vision::run_wat(&wat);
        let outcome = call.stdin(self.event.clone()).call();
        let code = outcome.stderr.split("exited with code ").nth(1).unwrap_or_else(|| panic!("{outcome:?}"));
        let code: u32 = code.split_whitespace().next().unwrap().parse().unwrap();
        code - 10
    }
}

const SUCCESS: u32 = 0;
const INVALID_ARGUMENT: u32 = 1;
const INVALID_ENCODING: u32 = 2;
const MISSING_MEMORY: u32 = 3;
const BUSY: u32 = 4;
const RUNTIME_ERROR: u32 = 5;

#[test]
fn a_picture_is_decoded_in_every_pixel_format_by_either_function() {
    let fixture = Fixture::new();
    for function in ["load_jpg", "load_png"] {
        for (output_type, bytes) in [(0, 1), (1, 1), (2, 4), (3, 4)] {
            let call = fixture.load_as(function, 32, output_type, 32 * 32 * 3 * bytes);
            assert_eq!(fixture.result(&[call]), SUCCESS, "{function} {output_type}");
        }
    }
}

#[test]
fn a_picture_that_can_t_be_had_is_1() {
    let fixture = Fixture::new();
    let rest = [16, 16, 0, PIXELS, 768].map(Number);
    for (why, call) in [
        ("the buffer is too small", fixture.load_as("load_jpg", 32, 0, 32 * 32 * 3 - 1)),
        ("the size is 0", fixture.load_as("load_jpg", 0, 0, 100)),
        ("the output type is unknown", fixture.load_as("load_jpg", 32, 4, 32 * 32 * 12)),
        (
            "the model is no picture",
            Call("load_jpg", [&[Number(EVENT), Number(1000)], rest.as_slice()].concat()),
        ),
        (
            "the input is past the end",
            Call("load_jpg", [&[Number(PAST_THE_END), Number(1)], rest.as_slice()].concat()),
        ),
        (
            "the length overflows",
            Call("load_jpg", [&[Number(EVENT), Number(u32::MAX)], rest.as_slice()].concat()),
        ),
        (
            "input and output overlap",
            Call("load_jpg", [PIXELS, 100, 16, 16, 0, PIXELS, 768].map(Number).to_vec()),
        ),
    ] {
        assert_eq!(fixture.result(&[call]), 1, "{why}");
    }
}

#[test]
fn a_session_goes_from_the_model_to_the_output_and_ends() {
    let fixture = Fixture::new();
    let output =
        || Call("get_output_tensor", vec![At(SESSION), Number(OUTPUT_NAME), Number(13), Number(TENSOR)]);
    let length = || Call("get_tensor_len", vec![At(SESSION), At(TENSOR), Number(LENGTH)]);
    let run = || Call("run_session", vec![At(SESSION)]);
    let delete = || Call("delete_session", vec![At(SESSION)]);
    let all = vec![
        fixture.create(),
        fixture.load(),
        fixture.append(),
        run(),
        output(),
        length(),
        fixture.data(At(TENSOR), fixture.classes),
        delete(),
    ];
    assert_eq!(fixture.result(&all), SUCCESS);
    let twice = [fixture.create(), delete(), delete()];
    assert_eq!(fixture.result(&twice), INVALID_ARGUMENT, "a deleted session is unknown");
    let late = [fixture.create(), delete(), run()];
    assert_eq!(fixture.result(&late), INVALID_ARGUMENT, "a deleted session does not run");
}

#[test]
fn what_is_no_model_or_lies_outside_the_memory_makes_no_session() {
    let fixture = Fixture::new();
    let create =
        |pointer, length, out| Call("create_session", vec![Number(pointer), Number(length), Number(out)]);
    for (call, expected) in [
        (create(EVENT + fixture.model, fixture.picture, SESSION), INVALID_ARGUMENT),
        (create(EVENT, 0, SESSION), INVALID_ARGUMENT),
        (create(EVENT, u32::MAX, SESSION), MISSING_MEMORY),
        (create(PAST_THE_END, 100, SESSION), MISSING_MEMORY),
        (create(EVENT, fixture.model, PAST_THE_END - 2), MISSING_MEMORY),
    ] {
        assert_eq!(fixture.result(&[call]), expected);
    }
}

#[test]
fn inputs_are_checked_by_session_name_and_size() {
    let fixture = Fixture::new();
    let append = |session, name, name_len, data, len| {
        Call("append_input", vec![session, Number(name), Number(name_len), Number(data), Number(len)])
    };
    let pixels = fixture.pixels();
    for (call, expected) in [
        (append(Number(77), IMAGE_NAME, 5, PIXELS, pixels), INVALID_ARGUMENT),
        (append(At(SESSION), IMAGE_NAME, 4, PIXELS, pixels), INVALID_ARGUMENT),
        (append(At(SESSION), IMAGE_NAME, 5, PIXELS, pixels - 1), INVALID_ARGUMENT),
        (append(At(SESSION), BAD_UTF8, 2, PIXELS, pixels), INVALID_ENCODING),
        (append(At(SESSION), PAST_THE_END - 1, 5, PIXELS, pixels), MISSING_MEMORY),
        (append(At(SESSION), IMAGE_NAME, 5, PAST_THE_END - 100, pixels), MISSING_MEMORY),
    ] {
        assert_eq!(fixture.result(&[fixture.create(), call]), expected);
    }
}

#[test]
fn a_run_needs_its_inputs_and_an_output_needs_a_run() {
    let fixture = Fixture::new();
    let run = || Call("run_session", vec![At(SESSION)]);
    assert_eq!(fixture.result(&[fixture.create(), run()]), RUNTIME_ERROR);
    assert_eq!(fixture.result(&[run()]), INVALID_ARGUMENT);
    assert_eq!(fixture.result(&[fixture.create(), fixture.data(Number(0), fixture.classes)]), RUNTIME_ERROR);
    let ready = || vec![fixture.create(), fixture.load(), fixture.append(), run()];
    let last = |call| fixture.result(&[ready(), vec![call]].into_iter().flatten().collect::<Vec<_>>());
    assert_eq!(last(fixture.data(Number(0), fixture.classes + 1)), INVALID_ARGUMENT);
    assert_eq!(last(fixture.data(Number(5), fixture.classes)), INVALID_ARGUMENT);
    assert_eq!(last(Call("get_tensor_len", vec![At(SESSION), Number(1), Number(LENGTH)])), INVALID_ARGUMENT);
    let nowhere = Call("get_tensor_len", vec![At(SESSION), Number(0), Number(PAST_THE_END)]);
    assert_eq!(last(nowhere), MISSING_MEMORY);
    let name = |pointer, length| {
        Call("get_output_tensor", vec![At(SESSION), Number(pointer), Number(length), Number(TENSOR)])
    };
    assert_eq!(last(name(IMAGE_NAME, 5)), INVALID_ARGUMENT);
    assert_eq!(last(name(BAD_UTF8, 2)), INVALID_ENCODING);
}

#[test]
fn sessions_that_pile_up_find_the_host_busy() {
    let fixture = Fixture::new();
    let sessions: Vec<Call> = (0..65).map(|_| fixture.create()).collect();
    assert_eq!(fixture.result(&sessions), BUSY);
}

//! A module that makes the calls that its event lists, whatever they are.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use engine::inference::ModelPolicy;
use engine::limits::Limits;
use engine::{Answer, CallError, CodeSource, DirGrant, Engine, EngineConfig};
use support::read;
use wasmedge_sdk::ValType;

use crate::functions::{self, Function, Parameter};
use crate::memory_layout::{
    BUILDER, CALL_BYTES, DIMENSIONS, EVENT, EVENT_BYTES, HEADER_BYTES, IMAGE_NAME, LIST, LONG_DIMENSIONS,
    MEMORY_PAGES, MODEL, MODEL_BYTES, OUT, OUTPUT_NAME, PATH, PICTURE, PICTURE_BYTES, PIXELS, TENSOR,
};

/// A call of a function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its place in [`functions::all`].
    function: u32,
    arguments: Vec<u64>,
}

impl Call {
    /// The ordinary call of [`functions::all`]; where modules have functions of one name, of the first of them.
    pub(crate) fn ordinary(name: &str) -> Self {
        Self::first(|function| function.name == name)
    }

    /// The ordinary call of the function of this module.
    pub(crate) fn of(module: &str, name: &str) -> Self {
        Self::first(|function| (function.module, function.name) == (module, name))
    }

    fn first(wanted: impl FnMut(&Function) -> bool) -> Self {
        let functions = functions::all();
        let place = functions.iter().position(wanted).unwrap();
        Self { function: place as u32, arguments: arguments(&functions[place]) }
    }

    /// The ordinary calls that the function needs, and then its own.
    pub(crate) fn after_what_it_needs(function: &Function, call: Self) -> Vec<Self> {
        let needed = function.needs().into_iter().map(|(module, name)| Self::of(module, name));
        needed.chain([call]).collect()
    }

    /// The same with another argument.
    pub(crate) fn with(mut self, place: usize, argument: impl Into<u64>) -> Self {
        self.arguments[place] = argument.into();
        self
    }

    /// The call with more behind its arguments: any bytes that its event brings into the memory.
    pub(crate) fn followed_by(mut self, number: u64) -> Self {
        self.arguments.push(number);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = [u64::from(self.function).to_le_bytes()].concat();
        self.arguments.iter().for_each(|argument| bytes.extend(argument.to_le_bytes()));
        bytes.resize(CALL_BYTES as usize, 0);
        bytes
    }
}

fn arguments(function: &Function) -> Vec<u64> {
    let argument = |parameter: &Parameter| match *parameter {
        Parameter::Pointer(number) | Parameter::Length(number) | Parameter::Number(number) => number.into(),
        Parameter::Long(number) => number,
    };
    function.parameters.iter().map(argument).collect()
}

/// The module with native code, made by the program.
fn compiled(wasm: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("hostile.wasm"), folder.path().join("compiled.wasm"));
    std::fs::write(&input, wasm).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_vision"))
        .args(["compile", "--native"])
        .args([&input, &output])
        .env("XDG_CACHE_HOME", folder.path())
        .status();
    assert!(status.unwrap().success());
    std::fs::read(output).unwrap()
}

/// The module behind an engine.
pub(crate) struct Guest {
    engine: Engine,
}

impl Guest {
    pub(crate) fn start() -> Self {
        Self::start_with(ModelPolicy::default())
    }

    pub(crate) fn start_with(models: ModelPolicy) -> Self {
        Self::start_wat(&module(), models)
    }

    /// With a folder that it may use.
    pub(crate) fn start_with_folder(folder: &Path) -> Self {
        let dirs = vec![DirGrant { guest: "/granted".into(), host: folder.into() }];
        Self::start_config(&module(), EngineConfig { dirs, ..EngineConfig::default() })
    }

    pub(crate) fn start_wat(wat: &str, models: ModelPolicy) -> Self {
        Self::start_config(wat, EngineConfig { models, ..EngineConfig::default() })
    }

    fn start_config(wat: &str, config: EngineConfig) -> Self {
        wasmedge_sdk::LogManager::log_off();
        let wasm = compiled(&wat::parse_str(wat).unwrap());
        let time = Duration::from_secs(60);
        let limits = Limits { memory_mib: 16, answer_mib: 1, event_mib: 8, time, ..Limits::default() };
        let code = CodeSource::Native;
        let config = EngineConfig { limits, code, inference_threads: NonZeroUsize::MIN, ..config };
        Self { engine: Engine::start(&wasm, &config).unwrap() }
    }

    pub(crate) fn send(&self, event: Vec<u8>) -> Result<Answer, CallError> {
        self.engine.call(event.into(), None)
    }

    pub(crate) fn send_within(&self, event: Vec<u8>, limit: Duration) -> Result<Answer, CallError> {
        self.engine.call(event.into(), Some(limit))
    }

    /// Makes the calls; the result of the last.
    pub(crate) fn result(&self, calls: &[Call]) -> u32 {
        let code = self.make_and_exit(calls);
        assert!(code >= EXIT, "it exited with {code}");
        code - EXIT
    }

    /// Makes the calls; the exit code, which is [`EXIT`] + the result of the last unless a call ended the module.
    pub(crate) fn make_and_exit(&self, calls: &[Call]) -> u32 {
        self.send(event(calls, true, &model())).unwrap().exit_code
    }

    /// A good event is answered: the model runs on a picture.
    pub(crate) fn assert_answers(&self) {
        assert_eq!(self.result(&good_calls()), 0);
    }
}

/// From the picture to the probabilities.
pub(crate) fn good_calls() -> Vec<Call> {
    let pixels = 192_u32 * 192 * 3;
    vec![
        Call::ordinary("create_session"),
        Call::ordinary("load_jpg").with(2, 192_u32).with(3, 192_u32).with(6, pixels),
        Call::ordinary("append_input"),
        Call::ordinary("run_session"),
        Call::ordinary("get_tensor_data"),
    ]
}

/// The project's model.
pub(crate) fn model() -> Vec<u8> {
    let model = read("models/groceries/model.tflite");
    assert_eq!(model.len(), MODEL_BYTES as usize, "the model changed: so must MODEL_BYTES");
    model
}

/// What is added to the result of the last call, so that it is no ordinary exit code.
pub(crate) const EXIT: u32 = 1_000;

/// An event for the module: the calls, a small picture, and a model.
pub(crate) fn event(calls: &[Call], exits_with_the_last: bool, model: &[u8]) -> Vec<u8> {
    let header = [calls.len() as u32, u32::from(exits_with_the_last), 0, 0];
    let mut event: Vec<u8> = header.iter().flat_map(|number| number.to_le_bytes()).collect();
    calls.iter().for_each(|call| event.extend(call.bytes()));
    event.resize((PICTURE - EVENT) as usize, 0);
    let picture = read("tests/images/one-pixel.jpg");
    assert_eq!(picture.len(), PICTURE_BYTES as usize, "the picture changed: so must PICTURE_BYTES");
    event.extend(picture);
    event.resize((MODEL - EVENT) as usize, 0);
    event.extend(model);
    event
}

/// The module, with an import for each function that is offered.
fn module() -> String {
    let (mut imports, mut branches) = (String::new(), String::new());
    for (place, function) in functions::all().iter().enumerate() {
        let Function { module, name, parameters, result, .. } = function;
        let kinds: String = parameters.iter().map(|parameter| kind(*parameter)).collect();
        let (before, result) = match result {
            None => ("", ""),
            Some(ValType::I64) => ("(i32.wrap_i64", "(result i64)"),
            Some(_) => ("(i32.or (i32.const 0)", "(result i32)"),
        };
        writeln!(imports, r#"(import "{module}" "{name}" (func $f{place} (param {kinds}) {result}))"#)
            .unwrap();
        let arguments: String = parameters.iter().enumerate().map(argument).collect();
        let call = if result.is_empty() {
            format!("(call $f{place} {arguments}) (i32.const 0)")
        } else {
            format!("{before} (call $f{place} {arguments}))")
        };
        writeln!(branches, "(if (i32.eq (local.get $function) (i32.const {place})) (then (return {call})))")
            .unwrap();
    }
    let list = escaped_all(&[OUT + 128, 16]);
    let builder = escaped_all(&[MODEL, MODEL_BYTES]);
    let tensor = escaped_all(&[DIMENSIONS, 4, 3, PIXELS, 192 * 192 * 3]);
    let dimensions = escaped_all(&[1, 192, 192, 3]);
    let long_dimensions = escaped_all(&[1, 0, 192, 0, 192, 0, 3, 0]);
    let event = escaped_all(&[EVENT, EVENT_BYTES]);
    let exit = functions::all().iter().position(|function| function.name == "proc_exit").unwrap();
    let read = functions::all().iter().position(|function| function.name == "fd_read").unwrap();
    format!(
        r#"(module {imports}
        (memory (export "memory") {MEMORY_PAGES})
        (data (i32.const 0) "{event}")
        (data (i32.const {IMAGE_NAME}) "image") (data (i32.const {OUTPUT_NAME}) "probabilities")
        (data (i32.const {PATH}) "etc/passwd") (data (i32.const {LIST}) "{list}")
        (data (i32.const {BUILDER}) "{builder}") (data (i32.const {TENSOR}) "{tensor}")
        (data (i32.const {DIMENSIONS}) "{dimensions}") (data (i32.const {LONG_DIMENSIONS}) "{long_dimensions}")
        (func $make (param $at i32) (result i32) (local $function i32)
            (local.set $function (i32.load (local.get $at)))
            {branches}
            unreachable)
        (func (export "_start") (local $at i32) (local $left i32) (local $exits i32) (local $result i32)
            (drop (call $f{read} (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
            (local.set $left (i32.load (i32.const {EVENT})))
            (local.set $exits (i32.load offset=4 (i32.const {EVENT})))
            (local.set $at (i32.const {calls}))
            (loop $next
                (local.set $result (call $make (local.get $at)))
                (local.set $at (i32.add (local.get $at) (i32.const {CALL_BYTES})))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br_if $next (local.get $left)))
            (if (local.get $exits) (then (call $f{exit} (i32.add (i32.const {EXIT}) (local.get $result))))))
        )"#,
        calls = EVENT + HEADER_BYTES,
    )
}

fn kind(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::Long(_) => "i64 ",
        Parameter::Pointer(_) | Parameter::Length(_) | Parameter::Number(_) => "i32 ",
    }
}

fn argument((place, parameter): (usize, &Parameter)) -> String {
    let load = format!("(i64.load offset={} (local.get $at))", 8 + 8 * place);
    match parameter {
        Parameter::Long(_) => load,
        Parameter::Pointer(_) | Parameter::Length(_) | Parameter::Number(_) => {
            format!("(i32.wrap_i64 {load})")
        }
    }
}

fn escaped_all(numbers: &[u32]) -> String {
    numbers.iter().map(|number| escaped(*number)).collect()
}

fn escaped(number: u32) -> String {
    number.to_le_bytes().iter().fold(String::new(), |text, byte| format!("{text}\\{byte:02x}"))
}

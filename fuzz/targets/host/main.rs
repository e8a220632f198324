//! Every host function with arbitrary arguments: a guest reads the input as a list of calls and makes them all.
//!
//! No argument may make a host function trap, and the guest itself never traps, so every trap is a fault found; so is, of
//! course, an end of this process. As in the runtime all models are verified, and only a known one reaches LiteRT: the
//! one that seeds.py makes.

#![no_main]

mod guest;

use std::num::NonZeroUsize;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use engine::Sha256Sum;
use engine::inference::ModelPolicy;
use engine::limits::Limits;
use engine::{CallError, CodeSource, Engine, EngineConfig};
use libfuzzer_sys::fuzz_target;

/// A guest may sleep until its deadline (`poll_oneoff`): the shorter, the more calls. On a busy machine it must not be so short
/// that the engine's timer strikes often: it jumps out of the allocator, too, which then waits for ever. In a worker that is
/// a case for the front's clock; here there is none.
const TIME: Duration = Duration::from_millis(200);

/// What `python3 fuzz/seeds.py` writes.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/tiny.tflite");

static ENGINE: OnceLock<Mutex<Engine>> = OnceLock::new();

fn start() -> Mutex<Engine> {
    wasmedge_sdk::LogManager::log_off();
    let wasm = wat::parse_str(guest::wat()).expect("the guest is sound");
    let limits = Limits { memory_mib: 8, time: TIME, answer_mib: 1, ..Limits::default() };
    let config = EngineConfig {
        limits,
        // Interpreted: compiled code handles faults by signals, which are the sanitizer's here.
        code: CodeSource::Interpret,
        inference_threads: NonZeroUsize::MIN,
        models: ModelPolicy::known_and([Sha256Sum::of(&std::fs::read(MODEL).expect("make fuzz-seeds"))]),
        ..EngineConfig::default()
    };
    Mutex::new(Engine::start(&wasm, &config).expect("the guest imports what there is"))
}

fuzz_target!(|calls: &[u8]| {
    let engine = ENGINE.get_or_init(start).lock().expect("nothing panicked");
    match engine.call(Bytes::copy_from_slice(calls), None) {
        Ok(_) | Err(CallError::Timeout { .. } | CallError::AnswerTooLarge { .. }) => {}
        Err(error) => panic!("{error}"),
    }
});

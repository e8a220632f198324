//! Measures the parts of a warm event one by one, on one thread: `cargo bench`.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::num::NonZeroUsize;

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use engine::image::{Decoder, PixelFormat, thumbnail};
use engine::inference::{LiteRt, ModelCache, ModelPolicy};
use engine::{Engine, EngineConfig};

const TOMATO: &[u8] = include_bytes!("../../tests/samples/tomato.jpg");
const MODEL: &[u8] = include_bytes!("../../models/groceries/model.tflite");
/// The model's input, models/groceries/model.toml.
const SIDE: u32 = 192;
/// More than any picture here takes.
const MAX_BYTES: usize = 64 << 20;

/// A module that returns at once: what an instance and its event cost without any work.
const NOTHING: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

fn main() {
    divan::main();
}

#[divan::bench]
fn decode_and_stretch(bencher: Bencher) {
    let mut decoder = Decoder::new(MAX_BYTES);
    let mut pixels = vec![0; (SIDE * SIDE * 3) as usize];
    bencher.counter(BytesCount::of_slice(TOMATO)).bench_local(|| {
        decoder.decode_into(black_box(TOMATO), SIDE, SIDE, PixelFormat::Rgb8, &mut pixels).unwrap();
    });
}

#[divan::bench]
fn history_thumbnail(bencher: Bencher) {
    bencher.bench_local(|| thumbnail(black_box(TOMATO), 160, MAX_BYTES).unwrap());
}

fn models() -> ModelCache {
    ModelCache::new(Box::new(LiteRt::new(NonZeroUsize::MIN).unwrap()), ModelPolicy::Any)
}

#[divan::bench]
fn session_of_a_known_model(bencher: Bencher) {
    let mut models = models();
    models.load(MODEL, None).unwrap();
    bencher
        .counter(BytesCount::of_slice(MODEL))
        .bench_local(|| models.load(black_box(MODEL), None).unwrap().session().unwrap());
}

#[divan::bench]
fn inference(bencher: Bencher) {
    let mut models = models();
    let mut session = models.load(MODEL, None).unwrap().session().unwrap();
    session.set_input(0, &vec![128; (SIDE * SIDE * 3) as usize]).unwrap();
    bencher.bench_local(|| session.run().unwrap());
}

#[divan::bench]
fn event_of_a_module_that_does_nothing(bencher: Bencher) {
    let engine = Engine::start(&wat::parse_str(NOTHING).unwrap(), &EngineConfig::default()).unwrap();
    bencher.bench_local(|| engine.call(Bytes::new(), None).unwrap());
}

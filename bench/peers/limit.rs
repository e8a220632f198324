//! The least that one event can take: decode the picture at the smallest sufficient scale, resize it, run the model with
//! LiteRT. No wasm, no JSON, no base64.
//!
//! `limit PICTURE MODEL.tflite SIDE THREADS PAUSE_MS`; then, like `vision bench --turns`, it reads one count a line
//! and writes one line of JSON for each.

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use engine::image::{Decoder, PixelFormat};
use engine::inference::{LiteRt, ModelCache, ModelPolicy, Session};
use engine::limits::Limits;

const WARM_UP: usize = 5;

struct Limit {
    encoded: Vec<u8>,
    side: u32,
    decoder: Decoder,
    session: Box<dyn Session>,
    pixels: Vec<u8>,
}

impl Limit {
    fn event(&mut self) -> Result<u8, Box<dyn Error>> {
        self.decoder.decode_into(&self.encoded, self.side, self.side, PixelFormat::Rgb8, &mut self.pixels)?;
        self.session.set_input(self.session.input_index("image")?, &self.pixels)?;
        self.session.run()?;
        let index = self.session.output_index("probabilities")?;
        let likeliest = self.session.output(index)?.iter().max().copied();
        likeliest.ok_or_else(|| "the model has no output".into())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [picture, model, side, threads, pause] = arguments.as_slice() else {
        return Err("limit PICTURE MODEL.tflite SIDE THREADS PAUSE_MS".into());
    };
    let side: u32 = side.parse()?;
    let pause = Duration::from_millis(pause.parse()?);
    let backend = LiteRt::new(threads.parse::<NonZeroUsize>()?)?;
    let mut models: ModelCache = ModelCache::new(Box::new(backend), ModelPolicy::Any);
    let session = models.load(&std::fs::read(model)?, None)?.session()?;
    let pixels = vec![0; (side * side * 3) as usize];
    let mut limit = Limit {
        encoded: std::fs::read(picture)?,
        side,
        decoder: Decoder::new(Limits::default().picture_bytes()),
        session,
        pixels,
    };
    for _ in 0..WARM_UP {
        limit.event()?;
    }
    for line in std::io::stdin().lock().lines() {
        let count: usize = line?.trim().parse()?;
        let mut nanoseconds = Vec::with_capacity(count);
        let start = Instant::now();
        for _ in 0..count {
            std::thread::sleep(pause);
            let start = Instant::now();
            std::hint::black_box(limit.event()?);
            nanoseconds.push(start.elapsed().as_nanos());
        }
        let turn = serde_json::json!({
            "nanoseconds": nanoseconds,
            "wall_nanoseconds": start.elapsed().as_nanos(),
        });
        println!("{turn}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

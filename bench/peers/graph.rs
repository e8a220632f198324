//! A frozen graph, from its file to answers: what a worker does with it, without wasm.
//!
//! `graph GRAPH.pb INPUT OUTPUT SIDE THREADS RUNS VALUES`: feeds INPUT a picture of numbers, [1, SIDE, SIDE, 3], writes the values of
//! OUTPUT to the file VALUES, and prints the milliseconds to the first answer and of each later one as JSON.

use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Instant;

use engine::inference::{Backend, ElementType, Graphs, LiteRt, Port, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, input, output, side, threads, runs, values] = arguments.as_slice() else {
        return Err("GRAPH.pb INPUT OUTPUT SIDE THREADS RUNS VALUES".into());
    };
    let side: i64 = side.parse()?;
    let graphs = Graphs::new(LiteRt::new(threads.parse::<NonZeroUsize>()?)?);
    let graph = {
        let bytes = std::fs::read(file)?;
        graphs.verify(&bytes)?;
        graphs.load(&bytes, None)?
    };
    // The same numbers as bench/graphs.py.
    let pixel = |number: i64| ((number * 7919 % 255) as f32 / 127.5 - 1.0).to_le_bytes();
    let pixels = (0..side * side * 3).flat_map(pixel).collect();
    let picture = Tensor::new(ElementType::F32, vec![1, side, side, 3], pixels).ok_or("a side")?;
    let port = |name: &str| Port { operation: name.to_owned(), index: 0 };
    let (inputs, outputs) = ([(port(input), picture)], [port(output)]);
    let mut times = Vec::new();
    let mut first = None;
    for _ in 0..=runs.parse::<usize>()? {
        let run = Instant::now();
        let answer = graph.run(&inputs, &outputs)?;
        times.push(run.elapsed().as_secs_f64() * 1e3);
        if first.is_none() {
            first = Some(started.elapsed().as_secs_f64() * 1e3);
            std::fs::write(values, answer.first().ok_or("an answer")?.bytes())?;
        }
    }
    let warm: Vec<String> = times.iter().skip(1).map(|time| format!("{time:.3}")).collect();
    println!("{{\"first\": {:.1}, \"warm\": [{}]}}", first.unwrap_or_default(), warm.join(", "));
    Ok(())
}

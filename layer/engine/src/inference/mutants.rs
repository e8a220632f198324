//! Measures what damaged models do to LiteRT, with and without verification.
//!
//! Thousands of damaged copies of the project's model, the same ones each time, are loaded and run in child processes:
//!
//! ```text
//! cargo test --release --package vision --lib mutants -- --ignored --nocapture
//! ```

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::backend::Session as _;
use super::litert::{LiteRt, LiteRtSession};
use super::verify::{structure, verify};

/// Damaged copies of each mutation.
const MUTANTS: u64 = 2_000;
/// A model of this size runs in a hundredth of it.
const SECONDS_PER_MUTANT: u32 = 20;
/// Memory that a child may map.
const MAX_BYTES: u64 = 8 << 30;

/// How a copy is damaged.
const KINDS: [&str; 4] =
    ["truncated", "bytes anywhere", "bytes of the structure", "numbers of the structure"];

fn model() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/groceries/model.tflite")).unwrap()
}

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// The damaged copy with this number.
fn mutant(model: &[u8], structure: &[usize], number: u64) -> Vec<u8> {
    let mut random = Random(number);
    let mut bytes = model.to_vec();
    match number % KINDS.len() as u64 {
        0 => bytes.truncate(random.below(model.len())),
        1 => (0..=random.below(64)).for_each(|_| bytes[random.below(model.len())] = random.next() as u8),
        2 => (0..=random.below(8)).for_each(|_| {
            bytes[structure[random.below(structure.len())]] = random.next() as u8;
        }),
        _ => (0..=random.below(4)).for_each(|_| {
            let at = (structure[random.below(structure.len())] & !3).min(model.len() - 4);
            let small = random.next() as u32 % 300;
            let numbers =
                [0, 1, u32::MAX, i32::MAX as u32, 1 << 31, model.len() as u32, small, random.next() as u32];
            bytes[at..at + 4].copy_from_slice(&numbers[random.below(numbers.len())].to_le_bytes());
        }),
    }
    bytes
}

/// What became of a copy that did not end the process.
fn outcome(library: &LiteRt, model: &[u8], with_verification: bool) -> &'static str {
    if with_verification && verify(model).is_err() {
        return "refused by verification";
    }
    let Ok(compiled) = library.compile(model, None) else {
        return "refused by LiteRT";
    };
    let Ok(mut session) = LiteRtSession::new(compiled) else { return "refused by LiteRT" };
    let inputs = session.inputs();
    for (index, bytes) in inputs.into_iter().enumerate() {
        if session.set_input(index, &vec![100; bytes]).is_err() {
            return "refused by LiteRT";
        }
    }
    if session.run().is_ok() { "ran" } else { "failed to run" }
}

#[test]
#[ignore = "a child of the measurement below"]
fn child() {
    let Ok(range) = std::env::var("MUTANTS") else { return };
    let numbers: Vec<u64> = range.split(' ').map(|number| number.parse().unwrap()).collect();
    let [from, to, with_verification] = numbers[..] else { panic!("{range}") };
    let limit = libc::rlimit { rlim_cur: MAX_BYTES, rlim_max: MAX_BYTES };
    // SAFETY: the limit lives until the call returns.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
    let model = model();
    let structure = structure(&model);
    let library = LiteRt::new(NonZeroUsize::MIN).unwrap();
    let mut out = std::io::stderr();
    for number in from..to {
        writeln!(out, "mutant {number}").unwrap();
        // SAFETY: has no preconditions; the signal ends the process.
        unsafe { libc::alarm(SECONDS_PER_MUTANT) };
        let outcome = outcome(&library, &mutant(&model, &structure, number), with_verification == 1);
        writeln!(out, "outcome {outcome}").unwrap();
    }
}

/// How often each outcome came.
fn measure(with_verification: bool) -> BTreeMap<(String, &'static str), u32> {
    let mut outcomes = BTreeMap::new();
    let (mut from, to) = (0, MUTANTS * KINDS.len() as u64);
    while from < to {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "inference::mutants::child", "--ignored", "--nocapture"])
            .env("MUTANTS", format!("{from} {to} {}", u8::from(with_verification)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mutation = |number: u64| KINDS[(number % KINDS.len() as u64) as usize];
        for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("mutant ") {
                from = number.parse().unwrap();
            } else if let Some(outcome) = line.strip_prefix("outcome ") {
                *outcomes.entry((outcome.to_owned(), mutation(from))).or_default() += 1;
            }
        }
        if let Some(signal) = child.wait().unwrap().signal() {
            println!("mutant {from} ({}): signal {signal}", mutation(from));
            *outcomes
                .entry((format!("ended the process by signal {signal}"), mutation(from)))
                .or_default() += 1;
        }
        from += 1;
    }
    outcomes
}

#[test]
#[ignore = "a measurement of some minutes"]
fn fewer_damaged_models_reach_litert_with_verification_than_without() {
    let deaths = [false, true].map(|with_verification| {
        let outcomes = measure(with_verification);
        println!("{}:", if with_verification { "with verification" } else { "without verification" });
        for ((outcome, mutation), count) in &outcomes {
            println!("  {count:5} of {MUTANTS} {mutation}: {outcome}");
        }
        let died = outcomes.iter().filter(|((outcome, _), _)| outcome.starts_with("ended"));
        died.map(|(_, count)| count).sum::<u32>()
    });
    let [without, with] = deaths;
    assert!(with < without || without == 0, "{with} deaths with verification, {without} without");
}

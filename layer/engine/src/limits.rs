//! Every bound on what comes from outside, with its default and the reason for it.

use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};

/// One mebibyte.
pub const MIB: usize = 1 << 20;

/// What an event must have left of its time to be started. WasmEdge's timer takes 0 for "never", and must not end before
/// the call that it guards has begun.
pub const MIN_TIME: Duration = Duration::from_millis(10);

/// What one event may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Memory of a worker for its module, pictures and models together, in MiB (an event of 6 MB and its picture need
    /// about 30, the largest picture 800)
    #[arg(long = "memory-limit", env = "VISION_MEMORY_LIMIT", value_name = "MIB",
          default_value_t = DEFAULT_MEMORY_MIB, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub memory_mib: u32,

    /// Time for one event, such as 30s or 500ms; a module that runs on is stopped
    #[arg(long = "time-limit", env = "VISION_TIME_LIMIT", value_name = "TIME", default_value = "30s",
          value_parser = parse_duration)]
    pub time: Duration,

    /// Size of one answer, in MiB (what Tencent SCF takes)
    #[arg(long = "answer-limit", env = "VISION_ANSWER_LIMIT", value_name = "MIB", default_value_t = 6,
          value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub answer_mib: u32,

    /// Size of one event, in MiB (what Tencent SCF sends)
    #[arg(long = "event-limit", env = "VISION_EVENT_LIMIT", value_name = "MIB", default_value_t = 6,
          value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub event_mib: u32,

    /// Memory for decoding one picture, in MiB, of the memory of a worker; 100 megapixels take up to 780, the usual kinds of pictures a few
    #[arg(long = "picture-limit", env = "VISION_PICTURE_LIMIT", value_name = "MIB",
          default_value_t = DEFAULT_PICTURE_MIB, value_parser = clap::value_parser!(u32).range(16..=4096))]
    pub picture_mib: u32,
}

/// Every picture of up to 100 megapixels is decoded: a progressive CMYK one takes four channels of two bytes a pixel.
const DEFAULT_PICTURE_MIB: u32 = 800;

/// The largest picture, and a module with its model beside it. Little of it is used for ordinary pictures.
const DEFAULT_MEMORY_MIB: u32 = 1024;

/// What getting a module ready may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Limits")]
pub struct LoadLimits {
    /// Time for compiling a module, which happens once for each
    #[arg(long = "compile-time", env = "VISION_COMPILE_TIME", value_name = "TIME", default_value = "60s",
          value_parser = parse_duration)]
    pub compile_time: Duration,

    /// Memory for compiling a module, in MiB
    #[arg(long = "compile-memory", env = "VISION_COMPILE_MEMORY", value_name = "MIB", default_value_t = 2048,
          value_parser = clap::value_parser!(u32).range(64..=65_536))]
    pub compile_memory_mib: u32,

    /// Size of a module that is compiled, in MiB
    #[arg(long = "compile-limit", env = "VISION_COMPILE_LIMIT", value_name = "MIB", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub compile_mib: u32,

    /// Time for loading a module
    #[arg(long = "load-time", env = "VISION_LOAD_TIME", value_name = "TIME", default_value = "30s",
          value_parser = parse_duration)]
    pub load_time: Duration,
}

/// Memory of a worker above its limit: what the runtime itself takes (LiteRT, the instance's own tables, buffers).
pub const RUNTIME_BYTES: u64 = 24 << 20;

/// Bytes that the file of a module may have: wasm, native code and a model.
pub const MODULE_BYTES: usize = 256 << 20;

/// Bytes of one model, and of all that a worker keeps ready; ready they take about twice that.
pub const MODEL_BYTES: usize = 128 << 20;

/// Models with names for WASI-NN.
pub const NN_MODELS: usize = 16;

/// Bytes of a saved model's folder.
pub const SAVED_MODEL_BYTES: u64 = 1 << 30;

/// Files in a saved model's folder.
pub const SAVED_MODEL_FILES: usize = 1_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_mib: DEFAULT_MEMORY_MIB,
            time: Duration::from_secs(30),
            answer_mib: 6,
            event_mib: 6,
            picture_mib: DEFAULT_PICTURE_MIB,
        }
    }
}

impl Limits {
    /// Pages of 64 KiB that a module's memory may have.
    pub fn memory_pages(&self) -> u32 {
        self.memory_mib.saturating_mul(16)
    }

    /// Bytes that a worker may have for its module, pictures and models.
    pub fn memory_bytes(&self) -> usize {
        self.memory_mib as usize * MIB
    }

    /// Bytes that an answer may have.
    pub fn answer_bytes(&self) -> usize {
        self.answer_mib as usize * MIB
    }

    /// Bytes that decoding a picture may take.
    pub fn picture_bytes(&self) -> usize {
        self.picture_mib.min(self.memory_mib) as usize * MIB
    }

    /// Bytes that an event may have.
    pub fn event_bytes(&self) -> usize {
        self.event_mib as usize * MIB
    }
}

/// Standard error of one event: enough for a message, too little to fill a log.
pub const STDERR_BYTES: usize = 64 << 10;

/// Sessions that one event may hold open; each has its own tensors.
pub const SESSIONS_PER_EVENT: usize = 64;

/// Models that one event may hold by WASI-NN.
pub const NN_GRAPHS_PER_EVENT: usize = 64;

/// Inputs that one session over a TensorFlow graph is fed with; those of real graphs have a few.
pub const GRAPH_INPUTS: usize = 64;

/// Outputs that one session over a TensorFlow graph is asked for.
pub const GRAPH_OUTPUTS: usize = 64;

/// Dimensions of a tensor: the most that TensorFlow knows.
pub const TENSOR_RANK: usize = 254;

/// Tags of a graph in a saved model, such as `serve`.
pub const SAVED_MODEL_TAGS: usize = 16;

/// A tensor's name in the guest's memory; TFLite's own names are a few dozen bytes.
pub const TENSOR_NAME_BYTES: usize = 4 << 10;

/// Reads `90s`, `1.5s`, `500ms` or `2m`.
///
/// # Errors
/// Says which forms are accepted.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let seconds_per_unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        _ => return Err(format!("found {text:?}, accepted are forms such as 500ms, 30s or 2m")),
    };
    match digits.parse::<f64>() {
        Ok(number) if number > 0.0 && number * seconds_per_unit <= 86_400.0 => {
            Ok(Duration::from_secs_f64(number * seconds_per_unit))
        }
        _ => Err(format!(
            "found {text:?}, accepted are times above 0 and up to a day, such as 500ms, 30s or 2m"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
    }

    #[test]
    fn other_durations_are_refused_with_the_accepted_forms() {
        for text in ["", "30", "s", "-1s", "0s", "1h", "1e99s", "NaNs", "inf s"] {
            assert!(parse_duration(text).unwrap_err().contains("accepted are"), "{text}");
        }
    }
}

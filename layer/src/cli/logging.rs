//! Logs: on standard error, as text or as JSON lines.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing::Subscriber;
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, fmt};

use worker::printable::printable;

/// What is logged, and how.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct LogArgs {
    /// Form of the log lines on standard error
    #[arg(long, global = true, env = "VISION_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,

    /// What to log: error, warn, info, debug, trace, or a filter such as vision=debug
    #[arg(long, global = true, env = "VISION_LOG", value_name = "LEVEL", default_value = "warn", value_parser = filter)]
    log_level: Targets,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

/// Reads a level, or levels of parts. A word that is no level would be taken for a part, and nothing else be logged.
fn filter(text: &str) -> Result<Targets, String> {
    let accepted = || {
        format!(
            "found {text:?}, accepted are off, error, warn, info, debug, trace and filters such as vision=debug"
        )
    };
    let is_level = |level: &str| !level.is_empty() && level.parse::<LevelFilter>().is_ok();
    let are_levels =
        text.split(',').all(|part| is_level(part.split_once('=').map_or(part, |(_, level)| level)));
    if !are_levels {
        return Err(accepted());
    }
    text.parse().map_err(|_| accepted())
}

impl LogArgs {
    /// What is logged, in the form of the option.
    pub(crate) fn level(&self) -> String {
        self.log_level.to_string()
    }

    /// Sends the process's logs where they belong.
    pub(crate) fn install(&self) {
        let is_terminal = std::io::stderr().is_terminal();
        let lines = match self.log_format {
            LogFormat::Text => text_lines(std::io::stderr, is_terminal).boxed(),
            LogFormat::Json => fmt::layer().with_writer(std::io::stderr).json().flatten_event(true).boxed(),
        };
        tracing_subscriber::registry().with(lines.with_filter(self.log_level.clone())).init();
    }
}

/// Lines for people. What is told may quote strangers, and what they wrote must neither look like another line nor command
/// a terminal; in JSON it is escaped anyway.
fn text_lines<S, W>(writer: W, with_colors: bool) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let fields = debug_fn(|out, field, value| {
        let value = shortened(format!("{value:?}"));
        match field.name() {
            "message" => write!(out, "{}", printable(&value)),
            name => write!(out, "{name}={}", printable(&value)),
        }
    });
    let fields = fields.delimited(" ");
    fmt::layer()
        .with_writer(writer)
        .with_ansi(with_colors)
        .fmt_fields(fields)
        .without_time()
        .with_target(false)
}

/// Bytes of a value in a line: those that strangers write may have megabytes.
const MAX_VALUE_BYTES: usize = 4096;

/// At most [`MAX_VALUE_BYTES`] of a value, and a mark where it was cut.
fn shortened(mut value: String) -> String {
    if value.len() > MAX_VALUE_BYTES {
        let end = (0..=MAX_VALUE_BYTES).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
        value.truncate(end);
        value.push('…');
    }
    value
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_line_shows_what_strangers_wrote_and_stays_one_line() {
        let mut file = tempfile::tempfile().unwrap();
        let lines = text_lines(Arc::new(file.try_clone().unwrap()), false);
        let key = "西红柿\u{1b}[2J\nERROR forged\u{202e}.jpg";
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::warn!(key, count = 2, "no picture: {key}");
            tracing::error!("plain");
        });
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let shown = "西红柿\\u{1b}[2J\\nERROR forged\\u{202e}.jpg";
        assert_eq!(text, format!(" WARN no picture: {shown} key=\"{shown}\" count=2\nERROR plain\n"));
    }

    #[test]
    fn a_value_of_megabytes_fills_no_log() {
        let mut file = tempfile::tempfile().unwrap();
        let lines = text_lines(Arc::new(file.try_clone().unwrap()), false);
        let key = "番".repeat(2_000_000);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::warn!(key, "no picture: {key}");
        });
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert!((8_000..9_000).contains(&text.len()), "{}", text.len());
        assert!(text.contains("番…"));
    }

    #[test]
    fn a_filter_has_levels_and_nothing_else() {
        for text in ["off", "error", "WARN", "info", "vision=debug", "warn,vision::pool=trace,sqlx=off"] {
            assert!(filter(text).is_ok(), "{text}");
        }
        for text in ["", "nonsense", "vision", "vision=loud", "warn,nonsense", "warn,", "=", "a=b=warn"] {
            assert!(filter(text).unwrap_err().contains("accepted are off, error"), "{text}");
        }
    }
}

//! Logs: on standard error, as text or as JSON lines.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

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
        let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
        let lines = match self.log_format {
            LogFormat::Text => lines.without_time().with_target(false).boxed(),
            LogFormat::Json => lines.json().flatten_event(true).boxed(),
        };
        tracing_subscriber::registry().with(lines.with_filter(self.log_level.clone())).init();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

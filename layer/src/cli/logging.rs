//! Logs: on standard error, as text or as JSON lines.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;
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
    #[arg(long, global = true, env = "VISION_LOG", value_name = "LEVEL", default_value = "warn")]
    log_level: Targets,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
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

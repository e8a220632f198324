//! Logs: on standard error, as text or as JSON lines.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// What is logged, and how.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logging")]
pub(crate) struct LogArgs {
    /// Form of the log lines on standard error
    #[arg(long, global = true, env = "VISION_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,

    /// What to log: error, warn, info, debug, trace, or a filter such as vision=debug
    #[arg(long, global = true, env = "VISION_LOG", value_name = "LEVEL", default_value = "warn")]
    log_level: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

impl LogArgs {
    /// Sends the process's logs where they belong; WasmEdge's own go nowhere, its errors come back as values.
    pub(crate) fn install(&self) {
        wasmedge_sys::utils::log_off();
        let filter = EnvFilter::builder().parse_lossy(&self.log_level);
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal());
        match self.log_format {
            LogFormat::Text => builder.without_time().with_target(false).init(),
            LogFormat::Json => builder.json().flatten_event(true).init(),
        }
    }
}

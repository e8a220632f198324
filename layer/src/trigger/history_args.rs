//! What can be set about the history, by every trigger that keeps one.

use clap::Args;
use worker::sandbox::{Needs, Network};

use super::TriggerError;
use crate::console;
use crate::history::{History, Location, OF_USER};

/// Where recognitions are kept, and how many.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "History")]
pub struct HistoryArgs {
    /// Keep what was recognised, with a small picture: in this file of SQLite, in PostgreSQL by
    /// postgres://USER:PASSWORD@HOST/NAME, or without either in the user's data folder
    #[arg(long, env = "VISION_HISTORY", value_name = "FILE|URL", num_args = 0..=1, hide_env_values = true,
          default_missing_value = OF_USER)]
    pub history: Option<Location>,

    /// Entries that the history keeps; the oldest are forgotten
    #[arg(long = "history-limit", env = "VISION_HISTORY_LIMIT", value_name = "N", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub history_limit: u32,
}

impl HistoryArgs {
    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.history.is_some()
    }

    /// What the database needs of the network.
    pub fn network(&self) -> Network {
        let is_server = matches!(self.history, Some(Location::Server(_)));
        Network { connect: is_server, local: is_server, listen: false }
    }

    /// Makes the file, and says what the process keeps for the database.
    ///
    /// # Errors
    /// The file can't be used.
    pub fn prepare(&self) -> Result<Needs, TriggerError> {
        let Some(location) = &self.history else { return Ok(Needs::default()) };
        location.prepare().map_err(TriggerError::configuration)?;
        if let Some(file) = location.file() {
            console::tell(format_args!("vision: the history is kept in {}", file.display()));
        }
        let (folder, files) = location.paths();
        let network = self.network();
        Ok(Needs { folders: folder.into_iter().collect(), files, network, ..Needs::default() })
    }

    /// Opens the history, if anything is kept.
    ///
    /// # Errors
    /// It can't be used.
    pub async fn open(&self) -> Result<Option<History>, TriggerError> {
        let Some(location) = &self.history else { return Ok(None) };
        History::open(location, self.history_limit).await.map(Some).map_err(TriggerError::configuration)
    }
}

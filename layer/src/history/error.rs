//! Why a history can't be used.

use thiserror::Error;

/// Why the history can't be used.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// Whatever keeps it.
    #[error("the database of the history: {0}")]
    Store(String),
    /// Bringing its form up to date.
    #[error("the tables of the history: {0}")]
    Tables(String),
    /// A file that can't be used as it is.
    #[error("the history can't be used: {reason}: {remedy}")]
    Unusable {
        /// The file and what is wrong with it.
        reason: String,
        /// What helps.
        remedy: &'static str,
    },
    /// The file was removed or replaced while it was open.
    #[error(
        "the file of the history, {0}, was removed or replaced while the service runs: nothing more is kept; start it again"
    )]
    Gone(String),
    /// An entry is not as it was written.
    #[error("an entry of the history is damaged: {0}")]
    Damaged(String),
    /// A place to go on from that no page of the history has.
    #[error("found {0:?}, accepted is `next` of another page")]
    Cursor(String),
}

//! What was recognised, kept in SQLite or PostgreSQL: time, labels, a small picture, the picture's sha256.
//!
//! Keeping never makes anybody wait and never fails a recognition: it happens on a task of its own, behind a queue
//! with a limit; what can't be kept is logged and counted.

mod entry;
mod file;
mod keeper;
mod location;
mod migrations;
mod sqlite;
mod store;

pub use entry::{Entry, EntryId, Page, PageQuery, Seen, Sighting};
pub use location::{Location, LocationError, OF_USER};
pub use store::HistoryError;

use prometheus_client::metrics::counter::Counter;
use tokio::time::Instant;

use keeper::Keeper;
use store::Store;

/// Counts what was kept and what was not. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct HistoryCounters {
    /// Recognitions that were kept.
    pub kept: Counter,
    /// Recognitions that could not be kept.
    pub failed: Counter,
}

/// A history that is open.
#[derive(Debug)]
pub struct History {
    store: Store,
    keeper: Keeper,
    counters: HistoryCounters,
}

impl History {
    /// Opens the history at `location`, which keeps the newest `limit` entries. To be called within a tokio runtime.
    ///
    /// # Errors
    /// A file that can't be used, and tables that are not ours. A server that can't be reached is only logged: it may
    /// come back.
    pub async fn open(location: &Location, limit: u32) -> Result<Self, HistoryError> {
        let store = Store::new(location, limit)?;
        match (store.prepare().await, location) {
            (Err(error), Location::File(_)) => return Err(error),
            (Err(error @ HistoryError::Tables(_)), _) => return Err(error),
            (Err(error), Location::Server(_)) => {
                tracing::error!(%error, "the history can't be reached; it will be tried again");
            }
            (Ok(()), _) => {}
        }
        let counters = HistoryCounters::default();
        let keeper = Keeper::start(store.clone(), counters.clone());
        Ok(Self { store, keeper, counters })
    }

    /// Keeps what `sighting` gives, a little later. Where too much waits to be kept already, it is not even called.
    pub fn keep(&self, sighting: impl FnOnce() -> Option<Sighting>) {
        self.keeper.keep(sighting);
    }

    /// A page of entries, newest first.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn page(&self, query: &PageQuery) -> Result<Page, HistoryError> {
        self.store.page(query).await
    }

    /// The small picture of an entry, as JPEG.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn thumbnail(&self, id: EntryId) -> Result<Option<Vec<u8>>, HistoryError> {
        self.store.thumbnail(id).await
    }

    /// Forgets an entry; whether there was one.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn delete(&self, id: EntryId) -> Result<bool, HistoryError> {
        self.store.delete(id).await
    }

    /// Forgets all entries.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn clear(&self) -> Result<(), HistoryError> {
        self.store.clear().await
    }

    /// What was kept and what was not.
    pub fn counters(&self) -> &HistoryCounters {
        &self.counters
    }

    /// Waits, until `deadline` at most, until all is kept that was given to be kept, and closes the database.
    pub async fn finish(&self, deadline: Instant) {
        self.keeper.finish(deadline).await;
        drop(tokio::time::timeout_at(deadline, self.store.close()).await);
    }
}

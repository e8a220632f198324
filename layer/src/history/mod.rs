//! What was recognised, kept: time, labels, a small picture, the picture's sha256. What keeps it is a store (`store.rs`);
//! SQLite and PostgreSQL are one (`sql/`).
//!
//! Keeping never makes anybody wait and never fails a recognition: it happens on a task of its own, behind a queue
//! with a limit; what can't be kept is logged and counted.

mod entry;
mod error;
mod keeper;
mod location;
mod page;
mod sql;
mod store;

pub use entry::{Entry, EntryId, NewEntry, Seen};
pub use error::HistoryError;
pub use keeper::HistoryCounters;
pub use location::{Location, LocationError, OF_USER};
pub use page::{Cursor, Page, PageQuery, Search};

use std::sync::Arc;

use tokio::time::Instant;

use keeper::Keeper;
use sql::SqlStore;
use store::Store;

/// A history that is open.
#[derive(Debug)]
pub struct History {
    store: Arc<dyn Store>,
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
        let store: Arc<dyn Store> = match location {
            Location::File(path) => Arc::new(SqlStore::in_file(path)?),
            Location::Server(url) => Arc::new(SqlStore::on_server(url)?),
        };
        match (store.prepare().await, location) {
            (Err(error), Location::File(_)) => return Err(error),
            (Err(error @ HistoryError::Tables(_)), _) => return Err(error),
            (Err(error), Location::Server(_)) => {
                tracing::error!(%error, "the history can't be reached; it will be tried again");
            }
            (Ok(()), _) => {}
        }
        let counters = HistoryCounters::default();
        let keeper = Keeper::start(Arc::clone(&store), limit, counters.clone());
        Ok(Self { store, keeper, counters })
    }

    /// Keeps what `new_entry` gives, a little later. Where too much waits to be kept already, it is not even called.
    pub fn keep(&self, new_entry: impl FnOnce() -> Option<NewEntry>) {
        self.keeper.keep(new_entry);
    }

    /// Keeps an entry now, unless one of the same `source` is kept already: what is told of twice is kept once.
    ///
    /// # Errors
    /// There is no small picture, or the database can't be used; says why.
    pub async fn keep_once(&self, source: String, new_entry: NewEntry) -> Result<(), String> {
        let kept = self.keeper.keep_once(&source, new_entry).await;
        kept.map_err(|reason| format!("not kept in the history: {reason}"))
    }

    /// A page of entries, newest first.
    ///
    /// # Errors
    /// [`HistoryError::Cursor`]; or the database can't be used.
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

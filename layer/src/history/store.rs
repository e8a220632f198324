//! What a history asks of whatever keeps it: entries by their name, which is also their order in time.

use std::fmt::Debug;

use futures_util::future::BoxFuture;

use super::entry::{Entry, EntryId};
use super::error::HistoryError;
use super::page::{Page, PageQuery};

#[cfg(test)]
mod tests;

/// What comes of a request to a store.
pub(super) type Stored<'a, T> = BoxFuture<'a, Result<T, HistoryError>>;

/// Keeps entries, each with its small picture. Each request may fail with [`HistoryError::Store`], or with what the store
/// says of the place where it keeps them.
pub(super) trait Store: Debug + Send + Sync {
    /// Makes the place ready, once. The other requests do so too where it was not, so that a place that can't be reached
    /// at the start is used when it is there.
    fn prepare(&self) -> Stored<'_, ()>;

    /// Keeps an entry that is newer than those before. Of entries with the same `source`, the first one is kept; whether this
    /// was.
    fn insert<'a>(
        &'a self,
        entry: &'a Entry,
        thumbnail: Vec<u8>,
        source: Option<&'a str>,
    ) -> Stored<'a, bool>;

    /// The entries that are asked for, newest first. Fails with [`HistoryError::Cursor`] for a cursor that no page of
    /// this store can have had.
    fn page<'a>(&'a self, query: &'a PageQuery) -> Stored<'a, Page>;

    /// The small picture of an entry, as JPEG; None where there is no such entry.
    fn thumbnail(&self, id: EntryId) -> Stored<'_, Option<Vec<u8>>>;

    /// Forgets an entry; whether there was one.
    fn delete(&self, id: EntryId) -> Stored<'_, bool>;

    /// Forgets all entries.
    fn clear(&self) -> Stored<'_, ()>;

    /// Forgets all but the newest `kept` entries.
    fn prune(&self, kept: u32) -> Stored<'_, ()>;

    /// Ends its work; nothing is asked of it later.
    fn close(&self) -> BoxFuture<'_, ()>;
}

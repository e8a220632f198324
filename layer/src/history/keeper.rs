//! The task that keeps new_entries, one after the other.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use worker::answer::Thumbnail;

use super::entry::{Entry, EntryId, NewEntry};
use super::store::Store;

/// Recognitions that may wait to be kept.
const WAITING: usize = 16;

/// Entries after which the oldest are looked for: seldom enough to cost nothing.
const PRUNE_EVERY: u32 = 50;

/// Counts what was kept and what was not. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct HistoryCounters {
    /// Recognitions that were kept.
    pub kept: Counter,
    /// Recognitions that could not be kept.
    pub failed: Counter,
}

/// Keeps new_entries, and of them the newest.
#[derive(Debug)]
pub(super) struct Keeper {
    new_entries: Mutex<Option<Sender<(EntryId, SystemTime, NewEntry)>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    shelf: Arc<Shelf>,
    counters: HistoryCounters,
}

impl Keeper {
    /// Starts the task, which keeps the newest `limit` entries.
    pub(super) fn start(store: Arc<dyn Store>, limit: u32, counters: HistoryCounters) -> Self {
        let (sender, mut new_entries) = mpsc::channel(WAITING);
        let shelf = Arc::new(Shelf { store, limit, until_prune: AtomicU32::new(0) });
        let task = tokio::spawn({
            let (counters, shelf) = (counters.clone(), Arc::clone(&shelf));
            async move {
                while let Some((id, time, new_entry)) = new_entries.recv().await {
                    let kept = async {
                        let prepared = prepare(id, time, new_entry).await?;
                        shelf.keep(prepared, None).await
                    };
                    match kept.await {
                        Ok(()) => counters.kept.inc(),
                        Err(reason) => {
                            tracing::error!(reason, "a recognition could not be kept in the history");
                            counters.failed.inc()
                        }
                    };
                }
            }
        });
        Self { new_entries: Mutex::new(Some(sender)), task: Mutex::new(Some(task)), shelf, counters }
    }

    /// Keeps an entry now, unless one of this source is kept already.
    pub(super) async fn keep_once(&self, source: &str, new_entry: NewEntry) -> Result<(), String> {
        let kept = async {
            let prepared = prepare(EntryId::now(), SystemTime::now(), new_entry).await?;
            self.shelf.keep(prepared, Some(source)).await
        };
        let kept = kept.await;
        if kept.is_ok() {
            self.counters.kept.inc()
        } else {
            self.counters.failed.inc()
        };
        kept
    }

    pub(super) fn keep(&self, new_entry: impl FnOnce() -> Option<NewEntry>) {
        let sender = self.new_entries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(place) = sender.as_ref().and_then(|sender| sender.try_reserve().ok()) else {
            tracing::error!("a recognition could not be kept in the history: too many wait already");
            self.counters.failed.inc();
            return;
        };
        if let Some(new_entry) = new_entry() {
            place.send((EntryId::now(), SystemTime::now(), new_entry));
        }
    }

    pub(super) async fn finish(&self, deadline: Instant) {
        drop(self.new_entries.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && tokio::time::timeout_at(deadline, task).await.is_err()
        {
            tracing::error!("not all recognitions could be kept in the history before the end");
        }
    }
}

/// The entry of `new_entry` with its small picture.
async fn prepare(id: EntryId, time: SystemTime, new_entry: NewEntry) -> Result<(Entry, Vec<u8>), String> {
    let NewEntry { thumbnail, model, predictions } = new_entry;
    let Thumbnail { jpeg, sha256 } =
        thumbnail.await.map_err(|_| "the worker ended before it made the small picture".to_owned())??;
    Ok((Entry { id, time, model, predictions, sha256 }, jpeg))
}

/// Keeps entries, and of all the newest `limit`.
#[derive(Debug)]
struct Shelf {
    store: Arc<dyn Store>,
    limit: u32,
    /// Entries that come before the oldest are looked for again.
    until_prune: AtomicU32,
}

impl Shelf {
    async fn keep(&self, (entry, thumbnail): (Entry, Vec<u8>), source: Option<&str>) -> Result<(), String> {
        let is_new = self.store.insert(&entry, thumbnail, source).await.map_err(|error| error.to_string())?;
        if !is_new {
            return Ok(());
        }
        let left = self.until_prune.load(Ordering::Relaxed);
        if left == 0 {
            self.store.prune(self.limit).await.map_err(|error| error.to_string())?;
        }
        self.until_prune.store(left.checked_sub(1).unwrap_or(PRUNE_EVERY - 1), Ordering::Relaxed);
        Ok(())
    }
}

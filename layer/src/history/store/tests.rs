//! What every store does, on SQLite and on one that knows no SQL: a list in memory, whose cursors are numbers.
//! PostgreSQL is held to the same through the service (tests/serve/history.rs).

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};

use futures_util::FutureExt as _;

use super::*;
use crate::history::entry::Seen;
use crate::history::page::{Cursor, Search, searched};
use crate::history::sql::SqlStore;

#[derive(Debug, Default)]
struct ListStore(Mutex<Vec<Kept>>);

/// An entry, its small picture, and its source.
type Kept = (Entry, Vec<u8>, Option<String>);

impl ListStore {
    fn list(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap()
    }

    /// A page ends at the place of its last entry, which entries that are kept later don't change.
    fn found(&self, query: &PageQuery) -> Result<Page, HistoryError> {
        let list = self.list();
        let end = match &query.after {
            Some(cursor) => {
                cursor.text().parse().map_err(|_| HistoryError::Cursor(cursor.text().to_owned()))?
            }
            None => list.len(),
        };
        let is_found = |entry: &Entry| {
            query.search.as_ref().is_none_or(|search| searched(&entry.predictions).contains(search.text()))
        };
        let mut found = list.iter().enumerate().take(end).rev().filter(|(_, (entry, ..))| is_found(entry));
        let page: Vec<_> = found.by_ref().take(query.limit as usize).collect();
        let next = page.last().filter(|_| found.next().is_some()).map(|(place, _)| Cursor::new(place));
        Ok(Page { entries: page.into_iter().map(|(_, (entry, ..))| entry.clone()).collect(), next })
    }
}

fn done<'a, T: Send + 'a>(value: T) -> Stored<'a, T> {
    std::future::ready(Ok(value)).boxed()
}

impl Store for ListStore {
    fn prepare(&self) -> Stored<'_, ()> {
        done(())
    }

    fn insert<'a>(
        &'a self,
        entry: &'a Entry,
        thumbnail: Vec<u8>,
        source: Option<&'a str>,
    ) -> Stored<'a, bool> {
        let mut list = self.list();
        let is_new = source.is_none_or(|source| list.iter().all(|kept| kept.2.as_deref() != Some(source)));
        if is_new {
            list.push((entry.clone(), thumbnail, source.map(str::to_owned)));
        }
        done(is_new)
    }

    fn page<'a>(&'a self, query: &'a PageQuery) -> Stored<'a, Page> {
        std::future::ready(self.found(query)).boxed()
    }

    fn thumbnail(&self, id: EntryId) -> Stored<'_, Option<Vec<u8>>> {
        done(self.list().iter().find(|(entry, ..)| entry.id == id).map(|(_, jpeg, _)| jpeg.clone()))
    }

    fn delete(&self, id: EntryId) -> Stored<'_, bool> {
        let mut list = self.list();
        let before = list.len();
        list.retain(|(entry, ..)| entry.id != id);
        done(list.len() < before)
    }

    fn clear(&self) -> Stored<'_, ()> {
        self.list().clear();
        done(())
    }

    fn prune(&self, kept: u32) -> Stored<'_, ()> {
        let mut list = self.list();
        let surplus = list.len().saturating_sub(kept as usize);
        list.drain(..surplus);
        done(())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}

/// An entry with these labels.
fn entry(labels: &[&str]) -> Entry {
    let seen = |label: &&str| Seen { label: (*label).to_owned(), index: Some(7), probability: 0.25 };
    Entry {
        id: EntryId::now(),
        time: UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
        model: Some("groceries".to_owned()),
        predictions: labels.iter().map(seen).collect(),
        sha256: "e3b0".to_owned(),
    }
}

/// Keeps an entry for each list of labels; the entries, newest first.
async fn keep(store: &dyn Store, labels: &[&[&str]]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (number, labels) in labels.iter().enumerate() {
        let entry = entry(labels);
        store.insert(&entry, vec![number as u8; 3], None).await.unwrap();
        entries.insert(0, entry);
    }
    entries
}

/// The first labels of all entries that are found, page by page.
async fn found(store: &dyn Store, limit: u32, search: &str) -> Vec<Vec<String>> {
    let mut query = PageQuery { limit, after: None, search: Search::new(search) };
    let mut pages = Vec::new();
    loop {
        let Page { entries, next } = store.page(&query).await.unwrap();
        pages.push(entries.iter().map(|entry| entry.predictions[0].label.clone()).collect());
        query.after = next;
        if query.after.is_none() {
            return pages;
        }
    }
}

async fn what_is_kept_comes_back_as_it_was(store: &dyn Store) {
    store.prepare().await.unwrap();
    let mut plain = entry(&["Vine tomato", "Lemon"]);
    plain.model = None;
    plain.predictions[1].index = None;
    assert!(store.insert(&plain, b"jpeg".to_vec(), None).await.unwrap());
    let query = PageQuery { limit: 10, after: None, search: None };
    let page = store.page(&query).await.unwrap();
    assert_eq!(page, Page { entries: vec![plain.clone()], next: None });
    assert_eq!(store.thumbnail(plain.id).await.unwrap(), Some(b"jpeg".to_vec()));
    assert_eq!(store.thumbnail(EntryId::now()).await.unwrap(), None);
}

async fn what_is_told_of_twice_is_kept_once(store: &dyn Store) {
    let source = Some("s3://photos/a.jpg?1");
    assert!(store.insert(&entry(&["first"]), Vec::new(), source).await.unwrap());
    assert!(!store.insert(&entry(&["again"]), Vec::new(), source).await.unwrap());
    assert!(store.insert(&entry(&["newer"]), Vec::new(), Some("s3://photos/a.jpg?2")).await.unwrap());
    for label in ["without", "any"] {
        assert!(store.insert(&entry(&[label]), Vec::new(), None).await.unwrap());
    }
    assert_eq!(found(store, 10, "").await, [["any", "without", "newer", "first"]]);
}

async fn pages_follow_each_other_whatever_is_kept_meanwhile(store: &dyn Store) {
    keep(store, &[&["a"], &["b"], &["c"], &["d"], &["e"]]).await;
    assert_eq!(found(store, 2, "").await, [vec!["e", "d"], vec!["c", "b"], vec!["a"]]);
    assert_eq!(found(store, 5, "").await, [["e", "d", "c", "b", "a"]], "the last page has no next");
    let first = store.page(&PageQuery { limit: 2, after: None, search: None }).await.unwrap();
    keep(store, &[&["f"]]).await;
    let second = store.page(&PageQuery { limit: 2, after: first.next, search: None }).await.unwrap();
    let labels: Vec<_> = second.entries.iter().map(|entry| entry.predictions[0].label.as_str()).collect();
    assert_eq!(labels, ["c", "b"]);
}

async fn a_cursor_of_no_page_is_refused(store: &dyn Store) {
    for text in ["", "yesterday", "1' OR '1'='1"] {
        let query = PageQuery { limit: 1, after: Some(Cursor::new(text)), search: None };
        let error = store.page(&query).await.unwrap_err();
        assert!(matches!(&error, HistoryError::Cursor(found) if found == text), "{error}");
    }
}

async fn a_search_is_a_text_within_a_label_in_any_case(store: &dyn Store) {
    keep(store, &[&["Vine tomato", "Lemon"], &["50% Off_Label!"], &["ÄPFEL"], &["柠檬"]]).await;
    for (search, labels) in [
        ("TOMATO", vec!["Vine tomato"]),
        ("  lemon ", vec!["Vine tomato"]),
        ("0% o", vec!["50% Off_Label!"]),
        ("_label!", vec!["50% Off_Label!"]),
        ("%", vec!["50% Off_Label!"]),
        ("Vi_e", vec![]),
        ("äpf", vec!["ÄPFEL"]),
        ("檬", vec!["柠檬"]),
        ("' OR 1=1", vec![]),
        (" ", vec!["柠檬", "ÄPFEL", "50% Off_Label!", "Vine tomato"]),
    ] {
        assert_eq!(found(store, 10, search).await.concat(), labels, "{search:?}");
    }
    assert_eq!(found(store, 1, "l").await, [["ÄPFEL"], ["50% Off_Label!"], ["Vine tomato"]]);
}

async fn what_is_forgotten_is_gone(store: &dyn Store) {
    let entries = keep(store, &[&["a"], &["b"], &["c"], &["d"]]).await;
    assert!(store.delete(entries[1].id).await.unwrap());
    assert!(!store.delete(entries[1].id).await.unwrap());
    assert_eq!(store.thumbnail(entries[1].id).await.unwrap(), None);
    assert_eq!(found(store, 10, "").await, [["d", "b", "a"]]);
    store.prune(5).await.unwrap();
    assert_eq!(found(store, 10, "").await, [["d", "b", "a"]], "there are no more than that");
    store.prune(2).await.unwrap();
    assert_eq!(found(store, 10, "").await, [["d", "b"]]);
    store.clear().await.unwrap();
    assert_eq!(found(store, 10, "").await, [Vec::<String>::new()]);
}

macro_rules! on_every_store {
    ($($name:ident),*) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let store = super::SqlStore::in_file(&folder.path().join("history.sqlite")).unwrap();
                super::$name(&store).await;
                super::Store::close(&store).await;
            })*
        }

        mod on_a_list {
            $(#[tokio::test] async fn $name() { super::$name(&super::ListStore::default()).await; })*
        }
    };
}

on_every_store!(
    what_is_kept_comes_back_as_it_was,
    what_is_told_of_twice_is_kept_once,
    pages_follow_each_other_whatever_is_kept_meanwhile,
    a_cursor_of_no_page_is_refused,
    a_search_is_a_text_within_a_label_in_any_case,
    what_is_forgotten_is_gone
);

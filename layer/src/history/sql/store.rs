//! The tables and the statements.

use std::path::Path;
use std::sync::Once;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow};
use sqlx::migrate::Migrator;
use sqlx::query::Query;
use sqlx::{Any, AnyPool, Row as _};
use tokio::sync::OnceCell;

use super::file::DatabaseFile;
use super::migrations::{self, Migrations};
use super::sqlite;
use crate::history::entry::{Entry, EntryId};
use crate::history::error::HistoryError;
use crate::history::page::{Cursor, Page, PageQuery, Search, searched};
use crate::history::store::{Store, Stored};

/// The database and whether its tables are up to date.
#[derive(Debug)]
pub(in crate::history) struct SqlStore {
    pool: AnyPool,
    migrations: Migrations,
    is_prepared: OnceCell<()>,
    /// Of SQLite.
    file: Option<DatabaseFile>,
}

/// What is to be deleted.
#[derive(Clone, Copy, Debug)]
enum Forgotten {
    One(EntryId),
    All,
    /// The oldest beyond so many.
    Beyond(u32),
}

impl Forgotten {
    fn statement(self) -> Query<'static, Any, AnyArguments<'static>> {
        match self {
            Self::One(id) => sqlx::query("DELETE FROM entries WHERE id = $1").bind(id.to_string()),
            Self::All => sqlx::query("DELETE FROM entries"),
            Self::Beyond(limit) => sqlx::query(
                "DELETE FROM entries WHERE id <= (SELECT id FROM entries ORDER BY id DESC LIMIT 1 OFFSET $1)",
            )
            .bind(i64::from(limit)),
        }
    }
}

/// Connections of one service: writes come one at a time, reads are short.
const CONNECTIONS: u32 = 4;

/// How long a request of the history waits for the database.
const PATIENCE: Duration = Duration::from_secs(5);

impl SqlStore {
    /// A store in a file of SQLite, which is made where there is none.
    ///
    /// # Errors
    /// The file can't be written.
    pub(in crate::history) fn in_file(path: &Path) -> Result<Self, HistoryError> {
        let file = DatabaseFile::open(path)?;
        // One connection: nobody of ours is in the way when what was deleted leaves the file.
        let options = options()
            .max_connections(1)
            .after_connect(|connection, _| Box::pin(async { sqlite::set_up(connection).await }));
        let pool = options.connect_lazy(&file.url())?;
        Ok(Self { pool, migrations: migrations::SQLITE, is_prepared: OnceCell::new(), file: Some(file) })
    }

    /// A store in PostgreSQL, which is connected to when it is used.
    ///
    /// # Errors
    /// The URL makes no sense.
    pub(in crate::history) fn on_server(url: &str) -> Result<Self, HistoryError> {
        let pool = options().max_connections(CONNECTIONS).connect_lazy(url)?;
        Ok(Self { pool, migrations: migrations::POSTGRES, is_prepared: OnceCell::new(), file: None })
    }

    /// Brings the tables up to date, once.
    async fn bring_up_to_date(&self) -> Result<(), HistoryError> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        let prepare = || async {
            if let Some(file) = &self.file {
                sqlite::check(file).await?;
                file.hold_reserve();
            }
            Migrator::new(self.migrations).await?.run(&self.pool).await?;
            Ok(())
        };
        self.is_prepared.get_or_try_init(prepare).await.map(drop)
    }

    /// Deletes, and sees to it that what was deleted is not left in a file; how many entries it were.
    async fn forget(&self, what: Forgotten) -> Result<u64, HistoryError> {
        self.bring_up_to_date().await?;
        let mut connection = self.pool.acquire().await?;
        let mut done = what.statement().execute(&mut *connection).await;
        let Some(file) = &self.file else {
            return Ok(done?.rows_affected());
        };
        if matches!(&done, Err(error) if sqlite::is_full(error)) {
            file.give_up_reserve();
            sqlite::write_in_place(&mut connection).await?;
            done = what.statement().execute(&mut *connection).await;
            sqlite::purge(&mut connection).await?;
            sqlite::write_ahead(&mut connection).await?;
            file.hold_reserve();
        }
        let count = done?.rows_affected();
        if count > 0 {
            sqlite::purge(&mut connection).await?;
        }
        Ok(count)
    }
}

fn options() -> AnyPoolOptions {
    static DRIVERS: Once = Once::new();
    DRIVERS.call_once(sqlx::any::install_default_drivers);
    AnyPoolOptions::new().acquire_timeout(PATIENCE)
}

impl Store for SqlStore {
    fn prepare(&self) -> Stored<'_, ()> {
        Box::pin(self.bring_up_to_date())
    }

    fn insert<'a>(
        &'a self,
        entry: &'a Entry,
        thumbnail: Vec<u8>,
        source: Option<&'a str>,
    ) -> Stored<'a, bool> {
        Box::pin(async move {
            self.bring_up_to_date().await?;
            let done = sqlx::query(
                "INSERT INTO entries (id, time_ms, model, predictions, labels, sha256, thumbnail, source) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (source) DO NOTHING",
            )
            .bind(entry.id.to_string())
            .bind(milliseconds(entry.time))
            .bind(entry.model.clone())
            .bind(serde_json::json!(entry.predictions).to_string())
            .bind(searched(&entry.predictions))
            .bind(entry.sha256.clone())
            .bind(thumbnail)
            .bind(source.map(str::to_owned))
            .execute(&self.pool)
            .await?;
            Ok(done.rows_affected() > 0)
        })
    }

    fn page<'a>(&'a self, query: &'a PageQuery) -> Stored<'a, Page> {
        Box::pin(async move {
            let before = query.after.as_ref().map(last).transpose()?;
            self.bring_up_to_date().await?;
            let limit = query.limit as usize;
            let rows = sqlx::query(
                "SELECT id, time_ms, model, predictions, sha256 FROM entries \
                 WHERE id < $1 AND labels LIKE $2 ESCAPE '!' ORDER BY id DESC LIMIT $3",
            )
            // Any id is smaller than a text of letters beyond f.
            .bind(before.map_or_else(|| "g".to_owned(), |id| id.to_string()))
            .bind(pattern(query.search.as_ref().map_or("", Search::text)))
            .bind(i64::from(query.limit) + 1)
            .fetch_all(&self.pool)
            .await?;
            let has_more = rows.len() > limit;
            let entries = rows.iter().take(limit).map(entry).collect::<Result<Vec<_>, _>>()?;
            let next = entries.last().filter(|_| has_more).map(|entry| Cursor::new(entry.id));
            Ok(Page { entries, next })
        })
    }

    fn thumbnail(&self, id: EntryId) -> Stored<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            self.bring_up_to_date().await?;
            let row = sqlx::query("SELECT thumbnail FROM entries WHERE id = $1")
                .bind(id.to_string())
                .fetch_optional(&self.pool)
                .await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        })
    }

    fn delete(&self, id: EntryId) -> Stored<'_, bool> {
        Box::pin(async move { Ok(self.forget(Forgotten::One(id)).await? > 0) })
    }

    fn clear(&self) -> Stored<'_, ()> {
        Box::pin(async move { self.forget(Forgotten::All).await.map(drop) })
    }

    fn prune(&self, kept: u32) -> Stored<'_, ()> {
        Box::pin(async move { self.forget(Forgotten::Beyond(kept)).await.map(drop) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

/// A cursor is the name of the last entry of its page.
fn last(cursor: &Cursor) -> Result<EntryId, HistoryError> {
    cursor.text().parse().map_err(|_| HistoryError::Cursor(cursor.text().to_owned()))
}

/// A `LIKE` pattern for texts that contain `search`, with `!` before what would mean something else.
fn pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for character in search.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn entry(row: &AnyRow) -> Result<Entry, HistoryError> {
    let id: String = row.try_get("id")?;
    let predictions: String = row.try_get("predictions")?;
    let milliseconds: i64 = row.try_get("time_ms")?;
    Ok(Entry {
        id: id.parse().map_err(HistoryError::Damaged)?,
        time: UNIX_EPOCH + Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)),
        model: row.try_get("model")?,
        predictions: serde_json::from_str(&predictions)
            .map_err(|error| HistoryError::Damaged(format!("{id}: {error}")))?,
        sha256: row.try_get("sha256")?,
    })
}

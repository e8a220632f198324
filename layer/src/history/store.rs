//! The database: SQLite or PostgreSQL behind the same statements.

use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyPool, Executor as _, Row as _};
use thiserror::Error;
use tokio::sync::OnceCell;

use super::entry::{Entry, EntryId, Page, PageQuery};
use super::location::Location;
use super::migrations::{self, Migrations};

/// Why the history can't be used.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The database.
    #[error("the database of the history: {0}")]
    Database(String),
    /// Bringing the tables up to date.
    #[error("the tables of the history: {0}")]
    Tables(String),
    /// An entry is not as it was written.
    #[error("an entry of the history is damaged: {0}")]
    Damaged(String),
}

/// As text: the errors of the library name their causes themselves, and a chain would name them again.
impl From<sqlx::Error> for HistoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<MigrateError> for HistoryError {
    fn from(error: MigrateError) -> Self {
        Self::Tables(error.to_string())
    }
}

/// The database and whether its tables are up to date. Clones are the same database.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pool: AnyPool,
    migrations: Migrations,
    is_prepared: Arc<OnceCell<()>>,
    limit: u32,
}

/// Connections of one service: writes come one at a time, reads are short.
const CONNECTIONS: u32 = 4;

/// How long a request of the history waits for the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// What stands in the path of an SQLite URL as it is.
const PATH_CHARACTERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

impl Store {
    /// A store that connects when it is used.
    pub(super) fn new(location: &Location, limit: u32) -> Result<Self, HistoryError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let options = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        let (options, url, migrations) = match location {
            Location::File(path) => {
                let path = path.to_string_lossy();
                let path = utf8_percent_encode(&path, PATH_CHARACTERS);
                let options = options.after_connect(|connection, _| {
                    Box::pin(async move {
                        // With a write-ahead log readers and the writer don't wait for each other.
                        connection.execute("PRAGMA journal_mode = WAL").await?;
                        connection.execute("PRAGMA synchronous = NORMAL").await?;
                        // No files in a folder for temporary ones, which a confined process can't reach.
                        connection.execute("PRAGMA temp_store = MEMORY").await.map(drop)
                    })
                });
                (options, format!("sqlite://{path}?mode=rwc"), migrations::SQLITE)
            }
            Location::Server(url) => (options, url.clone(), migrations::POSTGRES),
        };
        let pool = options.connect_lazy(&url)?;
        Ok(Self { pool, migrations, is_prepared: Arc::default(), limit })
    }

    /// Brings the tables up to date, once.
    pub(super) async fn prepare(&self) -> Result<(), HistoryError> {
        let migrate = || async { Migrator::new(self.migrations).await?.run(&self.pool).await };
        self.is_prepared.get_or_try_init(migrate).await?;
        Ok(())
    }

    pub(super) async fn insert(&self, entry: &Entry, thumbnail: Vec<u8>) -> Result<(), HistoryError> {
        self.prepare().await?;
        let labels: Vec<String> = entry.predictions.iter().map(|seen| seen.label.to_lowercase()).collect();
        sqlx::query(
            "INSERT INTO entries (id, time_ms, model, predictions, labels, sha256, thumbnail) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(entry.id.to_string())
        .bind(milliseconds(entry.time))
        .bind(entry.model.clone())
        .bind(serde_json::json!(entry.predictions).to_string())
        .bind(labels.join("\n"))
        .bind(entry.sha256.clone())
        .bind(thumbnail)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets the oldest entries beyond the limit.
    pub(super) async fn prune(&self) -> Result<(), HistoryError> {
        sqlx::query(
            "DELETE FROM entries WHERE id <= (SELECT id FROM entries ORDER BY id DESC LIMIT 1 OFFSET $1)",
        )
        .bind(i64::from(self.limit))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(super) async fn page(&self, query: &PageQuery) -> Result<Page, HistoryError> {
        self.prepare().await?;
        let limit = query.limit as usize;
        // Any id is smaller than a text of letters beyond f.
        let before = query.before.map_or_else(|| "g".to_owned(), |id| id.to_string());
        let rows = sqlx::query(
            "SELECT id, time_ms, model, predictions, sha256 FROM entries \
             WHERE id < $1 AND labels LIKE $2 ESCAPE '!' ORDER BY id DESC LIMIT $3",
        )
        .bind(before)
        .bind(pattern(query.label.as_deref().unwrap_or_default()))
        .bind(i64::from(query.limit) + 1)
        .fetch_all(&self.pool)
        .await?;
        let has_more = rows.len() > limit;
        let entries = rows.iter().take(limit).map(entry).collect::<Result<Vec<_>, _>>()?;
        let next = entries.last().filter(|_| has_more).map(|entry| entry.id);
        Ok(Page { entries, next })
    }

    pub(super) async fn thumbnail(&self, id: EntryId) -> Result<Option<Vec<u8>>, HistoryError> {
        self.prepare().await?;
        let row = sqlx::query("SELECT thumbnail FROM entries WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    pub(super) async fn delete(&self, id: EntryId) -> Result<bool, HistoryError> {
        self.prepare().await?;
        let done = sqlx::query("DELETE FROM entries WHERE id = $1").bind(id.to_string()).execute(&self.pool);
        Ok(done.await?.rows_affected() > 0)
    }

    pub(super) async fn clear(&self) -> Result<(), HistoryError> {
        self.prepare().await?;
        sqlx::query("DELETE FROM entries").execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// A `LIKE` pattern for texts that contain `search`, with `!` before what would mean something else.
fn pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for character in search.trim().to_lowercase().chars() {
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

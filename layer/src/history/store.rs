//! The database: SQLite or PostgreSQL behind the same statements.

use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::query::Query;
use sqlx::{Any, AnyPool, Row as _};
use thiserror::Error;
use tokio::sync::OnceCell;

use super::entry::{Entry, EntryId, Page, PageQuery};
use super::file::DatabaseFile;
use super::location::Location;
use super::migrations::{self, Migrations};
use super::sqlite;

/// Why the history can't be used.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The database.
    #[error("the database of the history: {0}")]
    Database(String),
    /// Bringing the tables up to date.
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
}

/// As text: the errors of the library name their causes themselves, and a chain would name them again.
impl From<sqlx::Error> for HistoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<MigrateError> for HistoryError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Tables(format!(
                "they have step {version}, which this version does not know: use the newer version that made it, or \
                 another place"
            )),
            MigrateError::VersionMismatch(_) | MigrateError::Dirty(_) => {
                Self::Tables(format!("{error}: they are not as this version makes them, use another place"))
            }
            error => Self::Database(error.to_string()),
        }
    }
}

/// The database and whether its tables are up to date. Clones are the same database.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pool: AnyPool,
    migrations: Migrations,
    is_prepared: Arc<OnceCell<()>>,
    limit: u32,
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

impl Store {
    /// A store that connects when it is used.
    pub(super) fn new(location: &Location, limit: u32) -> Result<Self, HistoryError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let options = AnyPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        let file = location.file().map(DatabaseFile::open).transpose()?;
        let (options, url, migrations) = match location {
            Location::File(_) => {
                // One connection: nobody of ours is in the way when what was deleted leaves the file.
                let options = options.max_connections(1);
                let options = options
                    .after_connect(|connection, _| Box::pin(async { sqlite::set_up(connection).await }));
                (options, file.as_ref().map(DatabaseFile::url).unwrap_or_default(), migrations::SQLITE)
            }
            Location::Server(url) => (options, url.clone(), migrations::POSTGRES),
        };
        let pool = options.connect_lazy(&url)?;
        Ok(Self { pool, migrations, is_prepared: Arc::default(), limit, file })
    }

    /// Brings the tables up to date, once.
    pub(super) async fn prepare(&self) -> Result<(), HistoryError> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        let prepare = || async {
            if let Some(file) = &self.file {
                sqlite::check(&file.url()).await?;
                file.hold_reserve();
            }
            Migrator::new(self.migrations).await?.run(&self.pool).await?;
            Ok(())
        };
        self.is_prepared.get_or_try_init(prepare).await.map(drop)
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
        self.forget(Forgotten::Beyond(self.limit)).await.map(drop)
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
        Ok(self.forget(Forgotten::One(id)).await? > 0)
    }

    pub(super) async fn clear(&self) -> Result<(), HistoryError> {
        self.forget(Forgotten::All).await.map(drop)
    }

    /// Deletes, and sees to it that what was deleted is not left in a file; how many entries it were.
    async fn forget(&self, what: Forgotten) -> Result<u64, HistoryError> {
        self.prepare().await?;
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

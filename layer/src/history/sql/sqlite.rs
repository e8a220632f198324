//! What only SQLite needs: that a file is sound, and that what was deleted leaves it.

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::file::DatabaseFile;
use crate::history::error::HistoryError;

/// Result codes of SQLite (<https://www.sqlite.org/rescode.html>).
const READ_ONLY: u32 = 8;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANT_OPEN: u32 = 14;
const NOT_A_DATABASE: u32 = 26;

/// Pages of 4 KiB in the log after which they go into the file.
pub(super) const LOG_PAGES: u32 = 128;

/// Checks that the file is a sound database of ours that can be written, and makes it its owner's alone. One of an earlier
/// version is rewritten once, so that nothing is left in it of what was deleted before.
///
/// # Errors
/// [`HistoryError::Unusable`] with what helps; a database of another program stays as it was.
pub(super) async fn check(file: &DatabaseFile) -> Result<(), HistoryError> {
    let mut connection = AnyConnection::connect(&file.url()).await.map_err(explain)?;
    check_owner(&mut connection).await?;
    file.restrict();
    set_up(&mut connection).await.map_err(explain)?;
    let found: String =
        sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut connection).await.map_err(explain)?.try_get(0)?;
    if found != "ok" {
        return Err(damaged(found));
    }
    // Takes the lock for writing and gives it back.
    connection.execute("BEGIN IMMEDIATE").await.map_err(explain)?;
    connection.execute("ROLLBACK").await.map_err(explain)?;
    const INCREMENTAL: i64 = 2;
    let mode: i64 = sqlx::query("PRAGMA auto_vacuum").fetch_one(&mut connection).await?.try_get(0)?;
    if mode != INCREMENTAL {
        let rewritten = async {
            connection.execute("VACUUM").await?;
            purge(&mut connection).await
        };
        if let Err(error) = rewritten.await {
            tracing::warn!(%error, "what was deleted earlier may still be in the file of the history");
        }
    }
    Ok(connection.close().await?)
}

/// Checks that the database is empty, or that its tables are those of a history.
async fn check_owner(connection: &mut AnyConnection) -> Result<(), HistoryError> {
    let tables = "SELECT count(*), coalesce(sum(name IN ('entries', '_sqlx_migrations')), 0) FROM sqlite_master \
                  WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    let row = sqlx::query(tables).fetch_one(connection).await.map_err(explain)?;
    let (all, ours): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    // One whose tables were not all made yet is ours, too.
    if all > ours && ours < 2 {
        return Err(HistoryError::Unusable {
            reason: format!("the file is a database of another program, with {all} tables"),
            remedy: "it was left as it is; name another file with --history FILE",
        });
    }
    Ok(())
}

/// Sets what counts for one connection, and for a file that is still empty.
pub(super) async fn set_up(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    // What is deleted is overwritten, and the file shrinks; before the journal, which makes the file.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL").await?;
    connection.execute("PRAGMA secure_delete = ON").await?;
    // With a write-ahead log readers and the writer don't wait for each other.
    connection.execute("PRAGMA journal_mode = WAL").await?;
    connection.execute("PRAGMA synchronous = NORMAL").await?;
    connection.execute(format!("PRAGMA wal_autocheckpoint = {LOG_PAGES}").as_str()).await?;
    // No files in a folder for temporary ones, which a confined process can't reach.
    connection.execute("PRAGMA temp_store = MEMORY").await.map(drop)
}

/// Whether there is no room on the disk for what is to be written.
pub(super) fn is_full(error: &sqlx::Error) -> bool {
    code(error) == Some(FULL)
}

/// Has the file shrink and the log in which changes are written first emptied.
pub(super) async fn purge(connection: &mut AnyConnection) -> Result<(), HistoryError> {
    connection.execute("PRAGMA incremental_vacuum").await?;
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
    if row.try_get::<i64, _>(0)? != 0 {
        tracing::error!(
            "another program reads the history: what was deleted is in the file until something else is deleted"
        );
    }
    Ok(())
}

/// On a full disk: no log, so that deleting needs no room.
pub(super) async fn write_in_place(connection: &mut AnyConnection) -> Result<(), HistoryError> {
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    connection.execute("PRAGMA journal_mode = MEMORY").await?;
    Ok(())
}

/// With a log again, as it is usual.
pub(super) async fn write_ahead(connection: &mut AnyConnection) -> Result<(), HistoryError> {
    connection.execute("PRAGMA journal_mode = WAL").await?;
    Ok(())
}

fn code(error: &sqlx::Error) -> Option<u32> {
    // The lowest byte is the kind, the others say more.
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xFF)
}

fn explain(error: sqlx::Error) -> HistoryError {
    match code(&error) {
        Some(CORRUPT | NOT_A_DATABASE) => damaged(error.to_string()),
        Some(READ_ONLY | CANT_OPEN) => HistoryError::Unusable {
            reason: error.to_string(),
            remedy: "let this user write the file and its folder, or name another file with --history FILE",
        },
        _ => error.into(),
    }
}

fn damaged(reason: String) -> HistoryError {
    HistoryError::Unusable {
        reason,
        remedy: "the file is damaged or not of SQLite; move it away and a new one is made, or name another file with \
                 --history FILE",
    }
}

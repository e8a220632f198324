//! Errors of the library as errors of the history. As text: the library's name their causes themselves, and a chain would
//! name them again.

use sqlx::migrate::MigrateError;

use crate::history::error::HistoryError;

impl From<sqlx::Error> for HistoryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.to_string())
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
            error => Self::Store(error.to_string()),
        }
    }
}

//! The steps that bring a database's tables up to date, in the program itself.

use std::pin::Pin;

use sqlx::error::BoxDynError;
use sqlx::migrate::{Migration, MigrationSource, MigrationType};

/// The steps for one kind of database: version, name, SQL. What was released never changes; steps are only added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Migrations(&'static [(i64, &'static str, &'static str)]);

pub(super) const SQLITE: Migrations = Migrations(&[
    (1, "entries", include_str!("../../../migrations/sqlite/1_entries.sql")),
    (2, "source", include_str!("../../../migrations/sqlite/2_source.sql")),
]);
pub(super) const POSTGRES: Migrations = Migrations(&[
    (1, "entries", include_str!("../../../migrations/postgres/1_entries.sql")),
    (2, "source", include_str!("../../../migrations/postgres/2_source.sql")),
]);

// sqlx's own macro does the same, but compiles all of sqlx a second time, for the build.
impl MigrationSource<'static> for Migrations {
    fn resolve(self) -> Pin<Box<dyn Future<Output = Result<Vec<Migration>, BoxDynError>> + Send>> {
        let step = |(version, name, sql): &(i64, &'static str, &'static str)| {
            Migration::new(*version, (*name).into(), MigrationType::Simple, (*sql).into(), false)
        };
        Box::pin(std::future::ready(Ok(self.0.iter().map(step).collect())))
    }
}

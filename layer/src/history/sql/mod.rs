//! A store in tables: SQLite or PostgreSQL behind the same statements.

mod error;
mod file;
mod migrations;
mod sqlite;
mod store;

pub(super) use file::{make_folder, prepare};
pub(super) use store::SqlStore;

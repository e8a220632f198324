//! `vision serve` as its clients see it: the built program with the built function, over real connections where
//! connections are the point.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

/// Whom the service answers.
mod callers;
/// Requests and answers.
mod client;
mod cloud_events;
/// The examples of docs/http.md.
mod documents;
/// What clients are told when there is no good answer.
mod errors;
/// The forms in which a picture may come, and the answers.
mod forms;
/// Several functions in one service.
mod functions;
/// `--history`, on SQLite and on PostgreSQL.
mod history;
/// The file of a history: what is left in it, who may read it, what is wrong with it.
mod history_file;
/// The service without a socket, for what is no matter of connections.
mod in_process;
/// What one client can see of another: nothing.
mod isolation;
/// Bounds on sizes, times and numbers.
mod limits;
/// Health, metrics and the description of the interface.
mod machines;
/// Clients that do it wrong, by mistake or on purpose.
mod malformed;
/// Modules in WebAssembly text that several tests run.
mod modules;
/// The files of the page.
mod page;
/// A PostgreSQL of the tests' own.
mod postgres;
/// What the process gives up.
mod sandbox;
/// The running program.
mod server;
/// The end by SIGTERM.
mod shutdown;
mod slow_readers;
/// Workers that die, hang or are killed.
mod workers;

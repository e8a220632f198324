//! `vision scf` on a fake of Tencent's platform: a manual of behaviour, one topic a file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

/// Connections that break, and answers that are none.
mod connections;
/// Pictures put into a bucket.
mod cos;
/// All photos of a bucket at once.
mod cos_batch;
/// Pictures put into a bucket, with a function that answers pictures.
mod cos_pictures;
/// The storage for those tests, and events about it.
mod cos_server;
/// Good and bad events of every kind.
mod events;
/// Sizes and times.
mod limits;
/// The packages in a root with nothing else in it.
mod packages;
/// What is logged, and what is not.
mod privacy;
/// The function as the platform starts it.
mod program;
/// System calls that old kernels and profiles of containers refuse.
mod refused_calls;
/// What the process gives up.
mod sandbox;
/// A platform with a function running on it.
mod session;
/// What is found before the first event.
mod start;
/// SIGTERM.
mod stop;
/// A thousand events.
mod thousand;
/// Uploads into a bucket.
mod uploads;

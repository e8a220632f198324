//! The built runtime with the built function, as a user calls them: a manual of behaviour, one topic a file.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

/// Events that can't be answered, and what their senders are told.
mod bad_events;
/// `vision batch`: many photos in, a table out.
mod batch;
/// The events of tests/cases.
mod cases;
/// `vision compile` and `vision eval`.
mod commands;
/// What a module does to the process that runs it.
mod containment;
/// What the kernel counts of a worker's memory beside what its own limits count.
mod control_groups;
/// The function cutout.
mod cutout;
/// The function of docs/functions.md.
mod functions;
/// The functions that modules import, with every result code.
mod host_functions;
/// Every interface for inference that modules are built with.
mod interfaces;
/// Which models a module may run.
mod models;
/// Modules that are no modules, misbehave, or were written by other people.
mod modules;
/// `vision function`: somebody's own model.
mod own_model;
/// Pictures that are odd, damaged or made to do harm.
mod picture_answers;
mod pictures;
/// Calling the program, and reading what it answers.
mod program;
/// The examples of the documents.
mod readme;
/// The answers agree with a second implementation.
mod reference;
/// `vision run` with good events.
mod run;
/// What the process gives up.
mod sandbox;
/// What the system lets the process have.
mod system_limits;
/// TensorFlow's own library in the worker.
mod tensorflow;
/// The function that makes thumbnails.
mod thumbnail;
/// What modules may pass to WASI's functions.
mod wasi_arguments;

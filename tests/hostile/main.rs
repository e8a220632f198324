//! Modules and models that mean harm, and what becomes of them: the documented error, no crash, nothing left behind, and
//! the next good event answered. docs/security.md names these tests beside the threats that they cover.
//!
//! Single kinds of misbehaviour are in `tests/end_to_end/modules.rs` and `host_functions.rs`; here are the attempts
//! that are made on purpose and in masses.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

/// Pointers and lengths that lead out of the memory, to every function that a module can import.
mod arguments;
/// Every test that docs/security.md names exists.
mod documents;
/// Every function that a module can import, with what it answers when nothing was granted.
mod functions;
/// A module that makes the calls that its event lists.
mod guest;
/// Sessions and tensors that are not the module's.
mod handles;
/// What an event can find of an earlier one.
mod isolation;
/// A thousand rounds of everything.
mod leaks;
/// Models that are broken on purpose.
mod models;
/// Files, sockets, the environment and the clock.
mod world;

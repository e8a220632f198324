//! Malicious modules and models get the documented error; nothing crashes, nothing is left behind, and the next good event
//! is answered. docs/security.md names these tests beside the threats that they cover.
//!
//! Single kinds of misbehaviour are in `tests/end_to_end/modules.rs` and `host_functions.rs`; the tests here make many
//! attempts on purpose.

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
/// The functions of graphs, of WASI-NN and of the older interfaces.
mod interfaces;
/// What an event can find of an earlier one.
mod isolation;
/// A thousand rounds of everything.
mod leaks;
/// What lies where in that module's memory.
mod memory_layout;
/// Models that are broken on purpose.
mod models;
/// Handles of the older interfaces that are not what they ask for.
mod older_interfaces;
/// The same for WASI-NN.
mod wasi_nn;
/// Files, sockets, the environment and the clock.
mod world;

//! The interfaces as they were before version 0.3 of the crate `wasmedge_tensorflow_interface`: the names `wasmedge_*` of its
//! versions 0.2, and `ssvm_*` of `ssvm_tensorflow_interface` 0.1.3 and 0.1.4, which it was made from.
//!
//! There, handles are of 64 bits (WasmEdge gave out its own pointers), a tensor's handle tells its session, and most functions
//! have no way to tell a failure: then they do nothing, or answer 0. These work as the newer functions do otherwise.

mod handles;
pub(super) mod image;
pub(super) mod tensorflow;
pub(super) mod tensorflow_lite;

pub(super) use handles::OlderHandles;

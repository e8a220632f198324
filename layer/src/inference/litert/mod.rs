//! Safe handles over LiteRT's C API, the only place where it is called.
//!
//! All handles stay on the thread that made them (they hold `Rc` and raw pointers), so LiteRT is never entered twice
//! with the same handle. LiteRT trusts its models: what it reads is verified before (`super::verify`).

mod buffers;
mod bytes;
mod compiled;
mod environment;
mod model;
mod options;
mod signature;

pub(super) use buffers::TensorBuffers;
pub(super) use compiled::CompiledModel;
pub(super) use environment::Environment;
pub(super) use signature::Tensor;

use litert_sys as sys;

use super::error::InferenceError;

fn check(action: &'static str, status: sys::LiteRtStatus) -> Result<(), InferenceError> {
    if status == sys::kLiteRtStatusOk { Ok(()) } else { Err(InferenceError::Runtime { action, status }) }
}

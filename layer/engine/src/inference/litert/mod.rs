//! Safe handles over LiteRT's C API, the only place where it is called.
//!
//! All handles stay on the thread that made them (they hold `Rc` and raw pointers), so LiteRT is never entered twice
//! with the same handle. LiteRT trusts its models: what it reads is verified before (`super::verify`).

mod backend;
mod buffers;
mod bytes;
mod compiled;
mod environment;
mod model;
mod options;
mod session;
mod signature;
mod status;

pub use backend::LiteRt;
pub(super) use bytes::ModelBytes;
#[cfg(test)]
pub(super) use session::LiteRtSession;

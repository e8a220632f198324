//! Errors of events, in the form that every trigger sends to its caller; part of the contract between functions and the
//! runtime.

pub use contract::{ErrorBody, ErrorCode};

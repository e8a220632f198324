//! What went wrong with an event, in the form that every trigger sends to its caller: part of what functions and the
//! runtime both hold to.

pub use contract::{ErrorBody, ErrorCode};

//! `vision lambda` on a stand-in for AWS Lambda: what its emulator can't be made to do. The emulator itself runs in the tests
//! in Python beside these.

#![expect(clippy::panic, reason = "tests fail by panicking")]

/// Several events at the same time.
mod at_once;
/// Answers that are refused, lost or asked for again.
mod delivery;
/// A platform with a function running on it.
mod session;
/// Starts that fail, and the end.
mod start_and_end;

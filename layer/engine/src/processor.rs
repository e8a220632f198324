//! The processors that native code is for.

use serde::{Deserialize, Serialize};

/// The processors that the native code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Processor {
    /// Any x86-64: for everything that is deployed.
    Generic,
    /// This machine's, with all its instructions; the file may die elsewhere.
    Native,
}

//! The processors that native code is for.

use std::ffi::CStr;

use serde::{Deserialize, Serialize};

/// What the native code for any processor uses, as LLVM names it: x86-64-v2 of the x86-64 ABI, which processors have since
/// 2009. With less, there is no instruction for rounding (SSE4.1), and LLVM calls functions of C's library in its place, which
/// nothing links to a module's native code.
pub(crate) const LLVM_BASELINE: &CStr = c"+cx16,+sahf,+popcnt,+sse3,+ssse3,+sse4.1,+sse4.2";

/// Whether this machine's processor has what native code for any processor uses. Where it has not, no native code runs:
/// neither code that was made elsewhere nor the code that this machine would make.
#[must_use]
pub fn has_baseline() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("cmpxchg16b") && has!("popcnt") && has!("sse3") && has!("ssse3") && has!("sse4.1") && has!("sse4.2")
}

/// The processors that the native code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Processor {
    /// Any x86-64 since 2009 (x86-64-v2): for everything that is deployed.
    Generic,
    /// This machine's, with all its instructions; the file may die elsewhere.
    Native,
}

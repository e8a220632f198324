//! Tencent SCF's custom runtime, from the platform's side.
//!
//! Protocol: <https://cloud.tencent.com/document/product/583/47274>.

pub(crate) mod call;
mod event;
mod platform;
mod protocol;

pub use call::{Call, Endpoint};
pub use event::{Event, NextFault, Outcome, PostFault, Spelling};
pub use platform::Platform;

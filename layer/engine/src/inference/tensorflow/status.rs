//! What TensorFlow says of a call.

use std::ffi::CStr;

use super::functions::{Functions, Handle};
use crate::inference::error::InferenceError;

/// A status to hand to a call.
#[derive(Debug)]
pub(super) struct Status<'l> {
    functions: &'l Functions,
    pub(super) handle: Handle,
}

impl<'l> Status<'l> {
    pub(super) fn new(functions: &'l Functions) -> Self {
        // SAFETY: the function takes nothing.
        Self { functions, handle: unsafe { (functions.TF_NewStatus)() } }
    }

    /// Whether the call did what it should.
    pub(super) fn check(&self, action: &'static str) -> Result<(), InferenceError> {
        // SAFETY: the status is alive.
        if unsafe { (self.functions.TF_GetCode)(self.handle) } == 0 {
            return Ok(());
        }
        // SAFETY: as above; the text ends with NUL and lives as long as the status.
        let message = unsafe { CStr::from_ptr((self.functions.TF_Message)(self.handle)) };
        Err(failed(action, message.to_string_lossy()))
    }
}

impl Drop for Status<'_> {
    fn drop(&mut self) {
        // SAFETY: made by TF_NewStatus, deleted once.
        unsafe { (self.functions.TF_DeleteStatus)(self.handle) }
    }
}

/// TensorFlow could not do something; its messages quote names of the graph.
pub(super) fn failed(action: &'static str, reason: impl AsRef<str>) -> InferenceError {
    let reason = reason.as_ref().lines().next().unwrap_or_default();
    InferenceError::Library { library: "TensorFlow", action, reason: reason.to_owned() }
}

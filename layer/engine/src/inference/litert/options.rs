//! How models are compiled.

use std::ffi::{CString, c_void};
use std::num::NonZeroUsize;
use std::ptr;

use litert_sys as sys;

use super::status::{check, failed};
use crate::inference::error::InferenceError;

/// Options for compiling: the processor, with a number of threads.
pub(super) struct Options(pub(super) sys::LiteRtOptions);

impl Options {
    pub(super) fn new(threads: NonZeroUsize) -> Result<Self, InferenceError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the result pointer is valid.
        check("make options", unsafe { sys::LiteRtCreateOptions(&raw mut handle) })?;
        let options = Self(handle);
        let cpu = sys::kLiteRtHwAcceleratorCpu as sys::LiteRtHwAcceleratorSet;
        // SAFETY: the options are alive.
        check("choose the processor", unsafe { sys::LiteRtSetOptionsHardwareAccelerators(handle, cpu) })?;
        options.add_cpu_options(&format!("num_threads = {threads}\n"))?;
        Ok(options)
    }

    /// CPU options are opaque: the identifier `xnnpack` and a TOML text (litert/c/options/litert_cpu_options.h).
    fn add_cpu_options(&self, toml: &str) -> Result<(), InferenceError> {
        let payload = CString::new(toml).map_err(|error| failed("set options", error.to_string()))?;
        let payload = payload.into_raw();
        let mut opaque = ptr::null_mut();
        // SAFETY: identifier and payload end with NUL; the payload passes to LiteRT, which calls the destructor.
        let status = unsafe {
            sys::LiteRtCreateOpaqueOptions(
                c"xnnpack".as_ptr(),
                payload.cast(),
                Some(free_payload),
                &raw mut opaque,
            )
        };
        if let Err(error) = check("set options", status) {
            free_payload(payload.cast());
            return Err(error);
        }
        // SAFETY: both are alive; the options take ownership of the opaque ones.
        check("set options", unsafe { sys::LiteRtAddOpaqueOptions(self.0, opaque) })
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateOptions, destroyed once, with the opaque options in it.
        unsafe { sys::LiteRtDestroyOptions(self.0) }
    }
}

extern "C" fn free_payload(payload: *mut c_void) {
    // SAFETY: the pointer came from CString::into_raw and is given back once.
    drop(unsafe { CString::from_raw(payload.cast()) });
}

//! LiteRT itself, started.

use std::ptr;
use std::sync::{Mutex, PoisonError};

use litert_sys as sys;

use super::status::check;
use crate::inference::error::InferenceError;

/// LiteRT's global state.
#[derive(Debug)]
pub(super) struct Environment(pub(super) sys::LiteRtEnvironment);

// SAFETY: LiteRT's environment belongs to no thread.
unsafe impl Send for Environment {}

/// One that was made ahead.
static AHEAD: Mutex<Option<Environment>> = Mutex::new(None);

/// Makes an environment for the first backend of this process, or of a copy of it: it takes some milliseconds.
pub(super) fn make_ahead() {
    // Where it can't be had, the backend says so.
    let made = Environment::make().ok();
    *AHEAD.lock().unwrap_or_else(PoisonError::into_inner) = made;
}

impl Environment {
    pub(super) fn new() -> Result<Self, InferenceError> {
        let ahead = AHEAD.lock().unwrap_or_else(PoisonError::into_inner).take();
        ahead.map_or_else(Self::make, Ok)
    }

    fn make() -> Result<Self, InferenceError> {
        silence_c_library();
        let mut environment = ptr::null_mut();
        // SAFETY: no options are passed, and the result pointer is valid.
        check("start", unsafe { sys::LiteRtCreateEnvironment(0, ptr::null(), &raw mut environment) })?;
        Ok(Self(environment))
    }
}

unsafe extern "C" {
    /// The C library's standard error stream; glibc lets programs assign to it (manual, "Standard Streams").
    #[link_name = "stderr"]
    static mut C_STDERR: *mut libc::FILE;
}

/// LiteRT 2.1.4 prints a dozen lines at start and has no switch for it (its wheel exports no logger functions, and the
/// environment's severity option has no effect). It prints through C's `stderr`, which nothing of ours uses, so that
/// stream goes to /dev/null; file descriptor 2 stays as it is. With debug logs the lines are welcome.
fn silence_c_library() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    if tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    ONCE.call_once(|| {
        // SAFETY: both strings end with NUL, and null is checked. The assignment happens once, before this process
        // has entered LiteRT; other C code reads the pointer, which is valid before and after.
        unsafe {
            let nowhere = libc::fopen(c"/dev/null".as_ptr(), c"we".as_ptr());
            if !nowhere.is_null() {
                C_STDERR = nowhere;
            }
        }
    });
}

impl Drop for Environment {
    fn drop(&mut self) {
        // SAFETY: made by LiteRtCreateEnvironment; everything made in it holds an Rc to it and is gone.
        unsafe { sys::LiteRtDestroyEnvironment(self.0) }
    }
}

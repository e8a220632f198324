//! The library, opened once in a process.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::os::unix::{Library as Opened, RTLD_LOCAL, RTLD_NOW};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::functions::Functions;

/// What TensorFlow's wheels call their libraries; the second one has the C API and needs the first.
const FRAMEWORK: [&str; 2] = ["libtensorflow_framework.so.2", "libtensorflow_framework.so"];
const API: [&str; 3] = ["libtensorflow_cc.so.2", "libtensorflow_cc.so", "libtensorflow.so.2"];

/// TensorFlow can't be had from where it was looked for.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize, Deserialize)]
#[error("TensorFlow can't be loaded from {}: {reason} (`make tensorflow` fetches it into .toolchain/tensorflow)", folder.display())]
pub struct TensorFlowError {
    /// Where it was looked for.
    pub folder: PathBuf,
    /// What is wrong there.
    pub reason: String,
}

/// The library's functions. It stays open until the process ends.
static LOADED: OnceLock<Functions> = OnceLock::new();

/// Opens TensorFlow's two libraries in this folder, which takes some tenths of a second: before the process is confined, and
/// while it has one thread. Copies of the process have it, too.
///
/// # Errors
/// What is missing, or the loader's reason.
pub fn open(folder: &Path) -> Result<(), TensorFlowError> {
    let failed = |reason: String| TensorFlowError { folder: folder.to_owned(), reason };
    if LOADED.get().is_some() {
        return Ok(());
    }
    let find = |names: &[&str]| names.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    let Some(api) = find(&API) else { return Err(failed(format!("it has no {}", API.join(" or ")))) };
    configure();
    if let Some(framework) = find(&FRAMEWORK) {
        // Where the other one looks for it differs from version to version; what is open already is found.
        keep(&framework).map_err(|error| failed(error.to_string()))?;
    }
    let library = keep(&api).map_err(|error| failed(error.to_string()))?;
    let functions = Functions::find(library).map_err(|error| failed(error.to_string()))?;
    // SAFETY: the function takes nothing, and its text lives as long as the library.
    let version = unsafe { CStr::from_ptr((functions.TF_Version)()) };
    tracing::debug!(version = %version.to_string_lossy(), "TensorFlow is loaded");
    LOADED.get_or_init(|| functions);
    Ok(())
}

/// TensorFlow's functions, where it was opened.
pub(in crate::inference) fn loaded() -> Option<&'static Functions> {
    LOADED.get()
}

/// Opens a library for as long as the process lives: nothing of it may go away under its own threads. LiteRT has much of the same
/// code in other versions, and each keeps to its own.
fn keep(file: &Path) -> Result<&'static libloading::Library, libloading::Error> {
    // SAFETY: the user named the folder, as they name programs. What the library does when it is opened is its own matter; it
    // is confined afterwards.
    let opened = unsafe { Opened::open(Some(file), RTLD_NOW | RTLD_LOCAL | libc::RTLD_DEEPBIND) }?;
    Ok(Box::leak(Box::new(opened.into())))
}

/// What TensorFlow reads from the environment, which a worker has not.
const ENVIRONMENT: [(&str, &str); 3] = [
    // No messages but errors.
    ("TF_CPP_MIN_LOG_LEVEL", "3"),
    // None of oneDNN's kernels, which are made while they run: the sandbox lets no memory become code, and oneDNN does not notice but
    // answers with whatever was in memory. The first is for its convolutions, the second for products of matrices.
    ("TF_ENABLE_ONEDNN_OPTS", "0"),
    ("TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL", "false"),
];

fn configure() {
    for (name, value) in ENVIRONMENT {
        // SAFETY: the process has one thread, or is a test, whose others leave the environment alone.
        unsafe { std::env::set_var(name, value) };
    }
}

//! Everything that functions share, from the bytes of an event to the text of its answer, so that a function is one
//! `main.rs` (docs/functions.md).
//!
//! ```text
//! input      bytes → JSON text, or a picture as it is      event         JSON → bare or HTTP event
//! find       a body in any form → the picture in it        negotiation   headers and query → form and language
//! picture    its pixels, by the host                       answer        text, JSON, bytes or error → what is printed
//! setup      what a function is told at its start
//! ```
//!
//! [`respond`] calls a function with all of this and needs no host, so tests can use it natively; [`run`] does the same
//! with the streams of a wasm module.

mod answer;
mod base64;
#[cfg(target_arch = "wasm32")]
mod decode;
mod error;
mod event;
mod find;
mod formats;
#[cfg(target_arch = "wasm32")]
mod host;
mod input;
mod json;
mod multipart;
mod negotiation;
mod picture;
mod picture_text;
#[cfg(feature = "pictures")]
pub mod pictures;
mod pixels;
mod respond;
mod setup;
#[cfg(target_arch = "wasm32")]
mod tensorflow_lite;
mod urlencoded;

pub use answer::{Answer, File, Reply};
pub use contract::{ErrorCode, HttpForm};
pub use error::FunctionError;
pub use event::Event;
pub use formats::Format;
#[cfg(target_arch = "wasm32")]
pub use host::{run, run_as};
pub use negotiation::{Form, Language};
pub use picture::Picture;
pub use pixels::Pixels;
pub use respond::{internal_error, respond, respond_as};
pub use setup::Setup;
#[cfg(target_arch = "wasm32")]
pub use tensorflow_lite::run_model;

/// Without a host there are no streams to serve: says so, and ends with code 2.
#[cfg(not(target_arch = "wasm32"))]
pub fn run(_function: impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>) -> std::process::ExitCode {
    eprintln!("this is a wasm module: build it for wasm32-wasip1, run it with `vision run --wasm FILE`");
    2.into()
}

/// The same as [`run`].
#[cfg(not(target_arch = "wasm32"))]
pub fn run_as(
    _name: &'static str,
    function: impl FnMut(&Event<'_>) -> Result<Answer, FunctionError>,
) -> std::process::ExitCode {
    run(function)
}

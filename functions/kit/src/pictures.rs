//! Pictures as pixels and pixels as pictures: upright, in sRGB, of any size.
//!
//! ```text
//! raster    pixels; other sizes, JPEG, PNG              host     the operations of our host
//! upright   an event's picture → its upright pixels     plain    the same by the function itself, on a host without
//! ```
//!
//! Our host does all of this (docs/picture-operations.md). A WasmEdge that has no more than its plug-in for pictures decodes
//! them, and everything else is done in the function: slower, with the colours as they are stored.

#[cfg(target_arch = "wasm32")]
mod host;
mod plain;
mod raster;
mod upright;

pub use raster::{Effort, Layout, Raster};
pub use upright::{Described, Upright};

/// How far the host goes: the version of its operations (docs/picture-operations.md), 0 where it has none and the function
/// does everything itself.
pub fn host_version() -> u32 {
    #[cfg(target_arch = "wasm32")]
    return host::version();
    #[cfg(not(target_arch = "wasm32"))]
    0
}

//! What the runtime does with pixels, and a function by itself where its host does not: so both come to the same.
//!
//! ```text
//! orientation   EXIF or XMP → how stored rows lie       light      sRGB ⇄ linear light
//! weights       Lanczos, a weight a pixel               resample   rows of one size → rows of another
//! ```
//!
//! WasmEdge's compiler makes calls of C's library of rounding, roots and the larger of two numbers, and its native code can't
//! be used then. So nothing here uses those: whole parts are cut off, and numbers are compared.

#![deny(clippy::indexing_slicing)]

mod light;
pub mod orientation;
mod resample;
mod weights;

pub use light::Light;
pub use orientation::Orientation;
pub use resample::{Channels, Resampler, Shape};

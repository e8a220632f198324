//! What the runtime does with pixels, and a function by itself where its host does not: so both come to the same.
//!
//! ```text
//! orientation   EXIF or XMP → how stored rows lie       light      sRGB ⇄ linear light
//! weights       Lanczos, a weight a pixel               resample   rows of one size → rows of another
//! whole         whole numbers of floating-point ones
//! ```

#![deny(clippy::indexing_slicing)]

mod light;
pub mod orientation;
mod resample;
mod weights;
mod whole;

pub use light::Light;
pub use orientation::Orientation;
pub use resample::{Channels, Resampler, Shape};

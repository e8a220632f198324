//! Pictures to pixels: JPEG and PNG, stretched to the size asked for.
//!
//! The steps: sniff the format, check the size in the header, decode at a reduced scale where the target allows,
//! one anti-aliased resize, turn by the orientation, write in the pixel format asked for. The result is that of
//! a full decode followed by a bilinear (triangle filter) resize, within the tolerance of the tests. What damaged
//! pictures get is in docs/pictures.md.

mod bounds;
mod decoded;
mod decoder;
mod encoding;
mod error;
mod jpeg;
mod lanczos;
mod limits;
mod notice;
mod operations;
mod pixels;
mod png;
mod profile;
mod reduction;
mod resize;
mod rows;
#[cfg(test)]
mod tests;
mod thumbnail;
mod turning;
mod upright;

pub use bounds::{MAX_PIXELS, MAX_PNG_ROWS, MAX_SCANNED_PIXELS, MAX_TARGET_PIXELS};
pub use decoder::Decoder;
pub use encoding::{Effort, Quality, Raster, jpeg as encode_jpeg, png as encode_png};
pub use error::ImageError;
pub use notice::Notice;
pub use operations::{Described, describe, resize};
pub use pixels::PixelFormat;
pub use thumbnail::thumbnail;
pub use upright::decode_upright;

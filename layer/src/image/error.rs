//! Why a picture has no pixels.

use thiserror::Error;

use super::MAX_PIXELS;

/// Why a picture has no pixels.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImageError {
    /// Neither JPEG nor PNG.
    #[error("the picture is neither JPEG nor PNG")]
    Unsupported,
    /// The right format with the wrong data.
    #[error("the picture can't be decoded: {0}")]
    Undecodable(String),
    /// Too many pixels.
    #[error("the picture has {width} × {height} pixels, accepted are up to {limit} megapixels", limit = MAX_PIXELS / 1_000_000)]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Decoding would take too much memory, however few pixels are wanted of it.
    #[error("decoding the picture takes {} MiB, accepted are up to {}", .needed.div_ceil(1 << 20), .limit >> 20)]
    TooMuchMemory {
        /// Bytes that one buffer would have.
        needed: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// The size that was asked for is 0 or too large.
    #[error("a target of {width} × {height} pixels is not possible")]
    Target {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The caller's buffer is too small.
    #[error("the buffer has {found} bytes, needed are {needed}")]
    BufferTooSmall {
        /// Bytes of the buffer.
        found: usize,
        /// Bytes of the pixels.
        needed: usize,
    },
}

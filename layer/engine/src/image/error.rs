//! Why a picture has no pixels.

use std::borrow::Cow;

use thiserror::Error;

use super::bounds::{MAX_PIXELS, MAX_PNG_ROWS, MAX_SCANNED_PIXELS};

/// Why a picture has no pixels. The message is one that can be shown to whoever sent the picture.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImageError {
    /// Neither JPEG nor PNG.
    #[error("the picture is neither JPEG nor PNG")]
    Unsupported,
    /// The right format with the wrong data, or a kind of it that is not read; the text says which.
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
        /// Bytes that all buffers would have together.
        needed: usize,
        /// Bytes that they may have.
        limit: usize,
    },
    /// A JPEG whose data goes over the picture too often.
    #[error(
        "the picture's {width} × {height} pixels come in {scans} scans or more with {restarts} restarts, which is more \
         work than {limit} scans of {} megapixels, the most that is accepted",
        MAX_PIXELS / 1_000_000, limit = MAX_SCANNED_PIXELS / MAX_PIXELS
    )]
    TooMuchWork {
        /// Scans that were met until then.
        scans: u32,
        /// Restarts in them.
        restarts: u32,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A PNG of too many rows, however short they are.
    #[error(
        "the picture's {width} × {height} pixels come in {rows} rows, accepted are up to {limit} million{of_passes}",
        limit = MAX_PNG_ROWS / 1_000_000,
        of_passes = if *.rows > u64::from(*.height) { " in the seven passes of an interlaced PNG together" } else { "" }
    )]
    TooManyRows {
        /// Rows of all passes.
        rows: u64,
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The size that was asked for is 0 or too large.
    #[error("a target of {width} × {height} pixels is not possible")]
    Target {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Pixels can't be written with so many channels.
    #[error("pixels of {channels} channels can't be written so, accepted are {accepted}")]
    Channels {
        /// Channels of a pixel.
        channels: u32,
        /// What can be.
        accepted: &'static str,
    },
    /// Pixels could not be written; the text says why.
    #[error("the picture can't be written: {0}")]
    Unwritten(String),
    /// The caller's buffer is too small.
    #[error("the buffer has {found} bytes, needed are {needed}")]
    BufferTooSmall {
        /// Bytes of the buffer.
        found: usize,
        /// Bytes of the pixels.
        needed: usize,
    },
}

impl ImageError {
    /// The reason alone, for whoever says by itself that the picture can't be decoded.
    pub fn reason(&self) -> Cow<'_, str> {
        match self {
            Self::Undecodable(reason) => reason.into(),
            other => other.to_string().into(),
        }
    }

    /// Whether a limit was met: more pixels, memory or work than one picture may take.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. }
                | Self::TooMuchMemory { .. }
                | Self::TooMuchWork { .. }
                | Self::TooManyRows { .. }
        )
    }
}

//! How many pixels there may be: in a picture, in a target, in all scans of a JPEG; and how many rows in a PNG.

/// Pixels that a picture may have; more are refused before anything is allocated.
pub use contract::limits::MAX_PICTURE_PIXELS as MAX_PIXELS;

/// Pixels that a target may have: more than any model's input.
pub const MAX_TARGET_PIXELS: u64 = 1 << 26;

/// Pixels that a JPEG may have in all its scans together. Progressive pictures have about ten scans, those of four inks
/// up to 24, not all of them over all pixels: the largest picture may have that many. A restart counts as some pixels.
pub const MAX_SCANNED_PIXELS: u64 = 24 * MAX_PIXELS;

/// Rows that a PNG may have, those of all seven passes together where it is interlaced. A row costs about as much as 40 to
/// 100 pixels, however short it is: 100 million rows of one pixel took 10 s.
pub const MAX_PNG_ROWS: u64 = 10_000_000;

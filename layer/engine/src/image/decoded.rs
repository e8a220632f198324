//! What a decoder hands on.

use super::notice::Notice;
use super::pixels::Rgb;
use raster::Orientation;

/// A picture as it is stored, reduced where the target allows, and what is known of it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) picture: Rgb,
    pub(super) orientation: Orientation,
    pub(super) notice: Option<Notice>,
}

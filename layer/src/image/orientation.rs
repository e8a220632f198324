//! EXIF orientation: how the stored rows and columns lie when the picture is upright.

use std::io::Cursor;

use exif::{In, Reader, Tag};

use super::{jpeg, scans};

/// One of the eight orientations of EXIF 2.3, table "Orientation" (tag 0x0112).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orientation {
    /// Rows are columns (orientations 5 to 8).
    transposed: bool,
    /// The stored first column is on the right side (before transposing: the column index runs backwards).
    flip_x: bool,
    /// The stored first row is at the bottom.
    flip_y: bool,
}

const UPRIGHT: Orientation = Orientation { transposed: false, flip_x: false, flip_y: false };

/// The picture's orientation; upright where it says nothing, or nothing that makes sense.
pub(super) fn read(encoded: &[u8]) -> Orientation {
    // The reader would look through the data of the whole picture.
    let described = if jpeg::is_jpeg(encoded) { scans::before_first(encoded) } else { encoded };
    let Ok(exif) = Reader::new().read_from_container(&mut Cursor::new(described)) else {
        return UPRIGHT;
    };
    let value = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    from_exif(value.unwrap_or(1))
}

fn from_exif(value: u32) -> Orientation {
    // In upright coordinates: 2 mirrored, 3 turned by 180°, 4 mirrored upside down, 5 transposed,
    // 6 to be turned 90° clockwise, 7 transposed along the other diagonal, 8 to be turned 90° counter-clockwise.
    let (transposed, flip_x, flip_y) = match value {
        2 => (false, true, false),
        3 => (false, true, true),
        4 => (false, false, true),
        5 => (true, false, false),
        6 => (true, true, false),
        7 => (true, true, true),
        8 => (true, false, true),
        _ => return UPRIGHT,
    };
    Orientation { transposed, flip_x, flip_y }
}

impl Orientation {
    pub(super) fn is_upright(self) -> bool {
        self == UPRIGHT
    }

    /// The stored size of a picture that is `width` × `height` when upright.
    pub(super) fn stored_size(self, width: u32, height: u32) -> (u32, u32) {
        if self.transposed { (height, width) } else { (width, height) }
    }

    /// The upright size of a picture that is stored as `width` × `height`.
    pub(super) fn upright_size(self, width: u32, height: u32) -> (u32, u32) {
        self.stored_size(width, height)
    }

    /// Where the stored pixel (`x`, `y`) lies in the upright picture.
    pub(super) fn upright_position(self, x: usize, y: usize, width: usize, height: usize) -> (usize, usize) {
        let (x, y, width, height) =
            if self.transposed { (y, x, height, width) } else { (x, y, width, height) };
        (if self.flip_x { width - 1 - x } else { x }, if self.flip_y { height - 1 - y } else { y })
    }
}

//! Orientation: how the stored rows and columns lie when the picture is upright, by EXIF or XMP.
//!
//! Only the one tag is looked for, in the one list that it stands in. A reader of all of EXIF follows every pointer: a
//! wrong one anywhere would lose the orientation, and 64 KB of pointers to each other would take gigabytes.

/// One of the eight orientations of EXIF 2.3, table "Orientation" (tag 0x0112).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation {
    /// Rows are columns (orientations 5 to 8).
    transposed: bool,
    /// The stored first column is on the right side (before transposing: the column index runs backwards).
    flip_x: bool,
    /// The stored first row is at the bottom.
    flip_y: bool,
}

/// The tag "Orientation" of EXIF.
const ORIENTATION: u16 = 0x0112;

/// Bytes of an entry of an EXIF list: tag, type, count, value or where it is.
const ENTRY_BYTES: usize = 12;

/// By blocks of EXIF (each as TIFF) and packets of XMP, in the order of the file; EXIF counts where both say something.
/// Upright where nothing is said that makes sense.
pub fn of<'a>(
    exif: impl IntoIterator<Item = &'a [u8]>,
    xmp: impl IntoIterator<Item = &'a [u8]>,
) -> Orientation {
    let by_exif = exif.into_iter().find_map(in_exif);
    by_exif.or_else(|| xmp.into_iter().find_map(in_xmp)).unwrap_or(Orientation::UPRIGHT)
}

/// In the first list (IFD0) of EXIF, whatever is wrong with its other entries and with what they point to.
fn in_exif(block: &[u8]) -> Option<Orientation> {
    let tiff = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let is_little = match tiff.first_chunk::<4>()? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = tiff.get(at..)?.first_chunk()?;
        Some(if is_little { u16::from_le_bytes(*bytes) } else { u16::from_be_bytes(*bytes) })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..)?.first_chunk()?;
        Some(if is_little { u32::from_le_bytes(*bytes) } else { u32::from_be_bytes(*bytes) })
    };
    let list = usize::try_from(long(4)?).ok()?;
    let count = usize::from(short(list)?);
    let entries = (0..count).map(|index| list + 2 + index * ENTRY_BYTES);
    // Where the list ends too early, so does the search.
    let mut entries = entries.map_while(|at| Some((short(at)?, at)));
    let (_, at) = entries.find(|&(tag, _)| tag == ORIENTATION)?;
    let value = at + 8;
    match short(at + 2)? {
        // BYTE, SHORT, LONG
        1 => from_exif(u32::from(*tiff.get(value)?)),
        3 => from_exif(u32::from(short(value)?)),
        4 => from_exif(long(value)?),
        _ => None,
    }
}

/// As `tiff:Orientation="6"` or `<tiff:Orientation>6</tiff:Orientation>`.
fn in_xmp(packet: &[u8]) -> Option<Orientation> {
    let name = b"tiff:Orientation";
    memchr::memmem::find_iter(packet, name).find_map(|at| {
        let rest = packet.get(at + name.len()..)?.trim_ascii_start();
        let value = match rest.split_first()? {
            (b'=', rest) => match rest.trim_ascii_start().split_first()? {
                (b'"' | b'\'', value) => value,
                _ => return None,
            },
            (b'>', value) => value,
            _ => return None,
        };
        match value.trim_ascii_start() {
            [digit @ b'1'..=b'8', end, ..] if !end.is_ascii_digit() => from_exif(u32::from(digit - b'0')),
            _ => None,
        }
    })
}

fn from_exif(value: u32) -> Option<Orientation> {
    // In upright coordinates: 2 mirrored, 3 turned by 180°, 4 mirrored upside down, 5 transposed,
    // 6 to be turned 90° clockwise, 7 transposed along the other diagonal, 8 to be turned 90° counter-clockwise.
    let (transposed, flip_x, flip_y) = match value {
        1 => (false, false, false),
        2 => (false, true, false),
        3 => (false, true, true),
        4 => (false, false, true),
        5 => (true, false, false),
        6 => (true, true, false),
        7 => (true, true, true),
        8 => (true, false, true),
        _ => return None,
    };
    Some(Orientation { transposed, flip_x, flip_y })
}

impl Orientation {
    /// Rows and columns lie as they should.
    pub const UPRIGHT: Self = Self { transposed: false, flip_x: false, flip_y: false };

    /// Whether stored pixels lie as they should.
    pub fn is_upright(self) -> bool {
        self == Self::UPRIGHT
    }

    /// Whether rows are columns.
    pub fn is_transposed(self) -> bool {
        self.transposed
    }

    /// The stored size of a picture that is `width` × `height` when upright.
    pub fn stored_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.transposed { (height, width) } else { (width, height) }
    }

    /// The upright size of a picture that is stored as `width` × `height`.
    pub fn upright_size(self, stored: (u32, u32)) -> (u32, u32) {
        self.stored_size(stored)
    }

    /// Where the stored pixel (`x`, `y`) lies in the upright picture.
    pub fn upright_position(self, x: usize, y: usize, width: usize, height: usize) -> (usize, usize) {
        let (x, y, width, height) =
            if self.transposed { (y, x, height, width) } else { (x, y, width, height) };
        (if self.flip_x { width - 1 - x } else { x }, if self.flip_y { height - 1 - y } else { y })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn turned(value: u32) -> Orientation {
        from_exif(value).unwrap()
    }

    /// EXIF with these entries (tag, type, count, value), in either byte order.
    fn exif(little: bool, entries: &[(u16, u16, u32, u32)]) -> Vec<u8> {
        let short = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut bytes = if little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        bytes.extend(long(8));
        bytes.extend(short(entries.len() as u16));
        for &(tag, kind, count, value) in entries {
            bytes.extend([short(tag), short(kind)].concat());
            bytes.extend(long(count));
            if kind == 3 {
                bytes.extend([short(value as u16), short(0)].concat());
            } else {
                bytes.extend(long(value));
            }
        }
        bytes.extend(long(0xFFFF_0000));
        bytes
    }

    #[test]
    fn the_tag_is_found_in_both_byte_orders_with_and_without_the_segment_s_head() {
        for little in [true, false] {
            for value in 1..=8 {
                let block = exif(little, &[(0x0110, 2, 9, 100), (ORIENTATION, 3, 1, value)]);
                assert_eq!(of([block.as_slice()], []), turned(value));
                assert_eq!(of([[b"Exif\0\0".as_slice(), &block].concat().as_slice()], []), turned(value));
            }
        }
    }

    #[test]
    fn entries_that_point_nowhere_before_and_behind_it_do_not_hide_it() {
        let broken = [
            (0x010E, 2, 500, 0xFFFF_FFF0),
            (0x0111, 99, u32::MAX, 7),
            (ORIENTATION, 3, 1, 6),
            (0x8769, 4, 1, 0xFFFF_FFFF),
            (0x8825, 4, 1, 3),
        ];
        assert_eq!(of([exif(true, &broken).as_slice()], []), turned(6));
        let cut = exif(false, &broken);
        assert_eq!(of([&cut[..8 + 2 + 3 * ENTRY_BYTES]], []), turned(6), "the list ends behind it");
    }

    #[test]
    fn a_second_block_counts_where_the_first_says_nothing() {
        let nothing = exif(true, &[(ORIENTATION, 3, 1, 0)]);
        let turned_left = exif(true, &[(ORIENTATION, 3, 1, 8)]);
        assert_eq!(of([b"II*\0\xff\xff\xff\xff".as_slice(), &nothing, &turned_left], []), turned(8));
    }

    #[test]
    fn xmp_counts_as_attribute_and_as_element_where_exif_says_nothing() {
        let packets = [
            r#"<rdf:Description tiff:Orientation="6" tiff:Make="x"/>"#,
            "<rdf:Description tiff:Orientation = '6'>",
            "<tiff:Orientation>6</tiff:Orientation>",
            "<tiff:Orientation> 6 </tiff:Orientation>",
        ];
        for packet in packets {
            assert_eq!(of([], [packet.as_bytes()]), turned(6), "{packet}");
            let block = exif(true, &[(ORIENTATION, 3, 1, 3)]);
            assert_eq!(of([block.as_slice()], [packet.as_bytes()]), turned(3), "EXIF goes before {packet}");
        }
        for packet in [
            "",
            "tiff:Orientation",
            "tiff:Orientation=6",
            r#"tiff:Orientation="9""#,
            r#"tiff:Orientation="66""#,
        ] {
            assert_eq!(of([], [packet.as_bytes()]), Orientation::UPRIGHT, "{packet}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(little in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let start: &[u8] = if little { b"II*\0" } else { b"MM\0*" };
            let _ = of([[start, &bytes].concat().as_slice()], [bytes.as_slice()]);
        }
    }
}

//! The scans of a JPEG: where the first one starts, and whether the data comes in several over the whole picture, which
//! libjpeg must then keep in memory. TurboJPEG tells this of progressive pictures only.
//!
//! Form: ITU-T T.81, annex B.

/// Whether more than one scan is needed for all components. Also true where the markers before the first scan can't be
/// followed, for nothing is known then.
pub(super) fn has_several(jpeg: &[u8]) -> bool {
    first(jpeg).is_none_or(|scan| scan.is_progressive || scan.components < scan.components_of_frame)
}

/// What stands before the first scan: a few kilobytes that tell all about the picture but its pixels. All where the
/// markers can't be followed.
pub(super) fn before_first(jpeg: &[u8]) -> &[u8] {
    first(jpeg).and_then(|scan| jpeg.get(..scan.start)).unwrap_or(jpeg)
}

/// The first scan and what the frame says of it.
struct FirstScan {
    /// Where its marker is.
    start: usize,
    components: u8,
    components_of_frame: u8,
    is_progressive: bool,
}

fn first(jpeg: &[u8]) -> Option<FirstScan> {
    let (mut components_of_frame, mut is_progressive) = (u8::MAX, false);
    let mut position = 2;
    loop {
        let rest = jpeg.get(position..)?;
        let start =
            position + rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF))?;
        let (marker, segment) = (*jpeg.get(start + 1)?, jpeg.get(start + 2..)?);
        position = start + 2;
        match marker {
            // SOFn, but not DHT, JPG and DAC: after length, precision and size
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                components_of_frame = *segment.get(7)?;
                is_progressive |= marker & 3 == 2;
            }
            // SOS: after its length
            0xDA => {
                let components = *segment.get(2)?;
                return Some(FirstScan { start, components, components_of_frame, is_progressive });
            }
            // TEM, RSTn, SOI, EOI: without a length
            0x01 | 0xD0..=0xD9 => continue,
            _ => {}
        }
        position += usize::from(u16::from_be_bytes(*segment.first_chunk::<2>()?));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/../tests/images/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn a_baseline_picture_has_one_scan_and_a_progressive_one_several() {
        assert!(!has_several(&sample("baseline.jpg")));
        assert!(!has_several(&sample("cmyk.jpg")));
        assert!(has_several(&sample("progressive.jpg")));
    }

    #[test]
    fn a_scan_without_all_components_is_not_the_only_one() {
        let mut jpeg = sample("baseline.jpg");
        let scan = jpeg.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap();
        jpeg[scan + 4] = 1;
        assert!(has_several(&jpeg));
    }

    #[test]
    fn the_first_scan_ends_what_is_said_of_the_picture() {
        let jpeg = sample("baseline.jpg");
        let (before, scan) = jpeg.split_at(before_first(&jpeg).len());
        assert!(scan.starts_with(&[0xFF, 0xDA]));
        assert!(before.windows(2).any(|marker| marker == [0xFF, 0xC0]));
        assert_eq!(before_first(before), before, "no scan");
    }

    #[test]
    fn what_can_t_be_followed_may_have_several() {
        for jpeg in [&b""[..], b"\xFF\xD8", b"\xFF\xD8\xFF\xE0\xFF\xFF", b"\xFF\xD8\xFF\xC0\x00\x02"] {
            assert!(has_several(jpeg), "{jpeg:02x?}");
        }
    }
}

//! Whether the data of a JPEG comes in several scans over the whole picture, which libjpeg must then keep in memory.
//! TurboJPEG tells this of progressive pictures only.
//!
//! Form: ITU-T T.81, annex B.

/// Whether more than one scan is needed for all components. Also true where the markers before the first scan can't be
/// followed, for nothing is known then.
pub(super) fn has_several(jpeg: &[u8]) -> bool {
    has_several_as_far_as_known(jpeg).unwrap_or(true)
}

fn has_several_as_far_as_known(jpeg: &[u8]) -> Option<bool> {
    let mut components_of_frame = u8::MAX;
    let mut rest = jpeg.get(2..)?;
    loop {
        let start = rest.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF))?;
        let marker = *rest.get(start + 1)?;
        rest = rest.get(start + 2..)?;
        match marker {
            // SOF of a progressive frame
            0xC2 | 0xC6 | 0xCA | 0xCE => return Some(true),
            // SOF of another frame: after length, precision and size
            0xC0 | 0xC1 | 0xC3 | 0xC5 | 0xC7 | 0xC9 | 0xCB | 0xCD | 0xCF => {
                components_of_frame = *rest.get(7)?;
            }
            // SOS: after its length
            0xDA => return Some(*rest.get(2)? < components_of_frame),
            // TEM, RSTn, SOI, EOI: without a length
            0x01 | 0xD0..=0xD9 => continue,
            _ => {}
        }
        let length = u16::from_be_bytes(*rest.first_chunk::<2>()?);
        rest = rest.get(usize::from(length)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::has_several;

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
    fn what_can_t_be_followed_may_have_several() {
        for jpeg in [&b""[..], b"\xFF\xD8", b"\xFF\xD8\xFF\xE0\xFF\xFF", b"\xFF\xD8\xFF\xC0\x00\x02"] {
            assert!(has_several(jpeg), "{jpeg:02x?}");
        }
    }
}

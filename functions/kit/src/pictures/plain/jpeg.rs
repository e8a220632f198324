//! JPEG without the host's help: its header, and writing one.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use raster::orientation;

use super::header::{Header, short};
use crate::error::FunctionError;
use crate::pictures::raster::{Layout, Raster};

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";

/// Reads the segments up to the frame's (ITU-T T.81, B.1.1.4); None where there is none.
pub(super) fn header(jpeg: &[u8]) -> Option<Header> {
    let (mut exif, mut xmp, mut has_profile) = (Vec::new(), Vec::new(), false);
    let mut at = 2;
    loop {
        // Bytes between segments mean nothing, and 0xFF may stand there any number of times.
        at += jpeg.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        at += jpeg.get(at..)?.iter().position(|byte| *byte != 0xFF)?;
        let marker = *jpeg.get(at)?;
        at += 1;
        if matches!(marker, 0 | 1 | 0xD0..=0xD8) {
            continue;
        }
        let length = usize::from(short(jpeg, at)?);
        let segment = jpeg.get(at + 2..(at + length).min(jpeg.len())).unwrap_or_default();
        match marker {
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF => {
                let orientation = orientation::of(exif, xmp);
                let (height, width) = (short(segment, 1)?.into(), short(segment, 3)?.into());
                return Some(Header { width, height, orientation, has_alpha: false, has_profile });
            }
            0xD9 | 0xDA => return None,
            0xE1 if segment.starts_with(b"Exif\0") => exif.push(segment.get(6..).unwrap_or_default()),
            0xE1 => xmp.extend(segment.strip_prefix(XMP)),
            0xE2 if segment.starts_with(PROFILE) => has_profile |= !is_srgb(segment),
            _ => {}
        }
        at += length.max(2);
    }
}

/// By its name, in one of the two forms that there are.
fn is_srgb(profile: &[u8]) -> bool {
    let has = |name: &[u8]| profile.windows(name.len()).any(|window| window == name);
    has(b"sRGB") || has(b"\0s\0R\0G\0B")
}

pub(super) fn encode(raster: &Raster, quality: u8) -> Result<Vec<u8>, FunctionError> {
    let color = match raster.layout() {
        Layout::Grey => ColorType::Luma,
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
    };
    let side = |side: u32| {
        u16::try_from(side)
            .map_err(|_| FunctionError::internal(format!("a JPEG has no side of {side} pixels")))
    };
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_optimized_huffman_tables(true);
    let written = encoder.encode(raster.pixels(), side(raster.width())?, side(raster.height())?, color);
    written.map_err(|error| FunctionError::internal(format!("no JPEG could be made: {error}")))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use raster::Orientation;

    use super::*;

    fn segment(marker: u8, bytes: &[u8]) -> Vec<u8> {
        [&[0xFF, marker][..], &(bytes.len() as u16 + 2).to_be_bytes(), bytes].concat()
    }

    fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
        let frame = segment(0xC2, &[8, 0, 30, 0, 40, 3]);
        [b"\xFF\xD8", segments.concat().as_slice(), b"\xFF\xFF", &frame[1..]].concat()
    }

    #[test]
    fn size_orientation_and_profile_are_found() {
        let plain = header(&jpeg(&[segment(0xE0, b"JFIF\0")])).unwrap();
        assert_eq!((plain.width, plain.height, plain.has_profile), (40, 30, false));
        assert_eq!(plain.orientation, Orientation::UPRIGHT);
        let exif = segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
        let profile = |name: &[u8]| segment(0xE2, &[PROFILE, b"\x01\x01", name].concat());
        let turned = header(&jpeg(&[exif.clone(), profile(b"Display P3")])).unwrap();
        assert_eq!(turned.orientation.upright_size((40, 30)), (30, 40));
        assert!(turned.has_profile);
        assert!(!header(&jpeg(&[profile(b"\0s\0R\0G\0B\0 \0I")])).unwrap().has_profile);
    }

    #[test]
    fn what_has_no_frame_has_no_header() {
        for bytes in [&b""[..], b"\xFF\xD8", b"\xFF\xD8\xFF\xD9", b"\xFF\xD8\xFF\xC0\0\x04\x08"] {
            assert_eq!(header(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), marker in any::<u8>()) {
            let _ = header(&bytes);
            let _ = header(&jpeg(&[segment(marker, &bytes)]));
            let mut cut = jpeg(&[segment(0xE1, &bytes)]);
            cut.truncate(bytes.len());
            let _ = header(&cut);
        }
    }
}

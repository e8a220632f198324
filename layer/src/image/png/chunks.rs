//! What the chunks beside the pixels say. The pixels and all that they depend on are the decoder's business.
//!
//! Form: PNG specification, 5.3: length, name, data, checksum.

/// The first bytes of every PNG.
pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The text chunk (iTXt) that has XMP in it: keyword, no compression, no language, no translation.
const XMP: &[u8] = b"XML:com.adobe.xmp\0\0";

/// What was found, the first of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Described<'a> {
    pub(super) exif: Option<&'a [u8]>,
    pub(super) xmp: Option<&'a [u8]>,
    pub(super) is_apple_s: bool,
}

/// Looks through the chunks as far as they can be followed, behind the pixels, too.
pub(super) fn describe(png: &[u8]) -> Described<'_> {
    let mut found = Described::default();
    let mut rest = png.get(SIGNATURE.len()..).unwrap_or_default();
    let mut is_first = true;
    while let Some((name, data, behind)) = next(rest) {
        match name {
            b"CgBI" if is_first => found.is_apple_s = true,
            b"eXIf" => found.exif = found.exif.or(Some(data)),
            b"iTXt" => found.xmp = found.xmp.or(data.strip_prefix(XMP)),
            b"IEND" => break,
            _ => {}
        }
        rest = behind;
        is_first = false;
    }
    found
}

/// The next chunk's name and data, and what comes behind it.
fn next(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (name, rest) = rest.split_first_chunk::<4>()?;
    let (data, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((name, data, rest.get(4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        [&(data.len() as u32).to_be_bytes()[..], name, data, &[0; 4]].concat()
    }

    #[test]
    fn exif_and_xmp_are_found_before_and_behind_the_pixels() {
        let xmp = [XMP, b"\0\0<x/>"].concat();
        let png =
            [SIGNATURE, &chunk(b"eXIf", b"II"), &chunk(b"IDAT", b"..."), &chunk(b"iTXt", &xmp)].concat();
        let found = describe(&png);
        assert_eq!((found.exif, found.xmp), (Some(&b"II"[..]), Some(&b"\0\0<x/>"[..])));
        assert!(!found.is_apple_s);
    }

    #[test]
    fn apple_s_variety_is_known_by_its_first_chunk() {
        assert!(describe(&[SIGNATURE, &chunk(b"CgBI", &[0x50, 0, 0x20, 6])].concat()).is_apple_s);
    }

    #[test]
    fn what_can_t_be_followed_ends_the_search() {
        for png in [&b""[..], SIGNATURE, &[SIGNATURE, b"\xff\xff\xff\xffeXIf"].concat(), &chunk(b"IEND", b"")]
        {
            assert_eq!(describe(png), Described::default());
        }
    }
}

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
    /// Alpha of its own, or transparent colours.
    pub(super) has_transparency: bool,
    /// The data of the chunk with the colour profile.
    pub(super) profile: Option<&'a [u8]>,
}

/// Looks through the chunks as far as they can be followed, behind the pixels, too.
pub(super) fn describe(png: &[u8]) -> Described<'_> {
    let mut found = Described::default();
    let mut rest = png.get(SIGNATURE.len()..).unwrap_or_default();
    let (mut is_first, mut is_before_pixels) = (true, true);
    while let Some((name, data, behind)) = next(rest) {
        match name {
            b"CgBI" if is_first => found.is_apple_s = true,
            b"IHDR" if is_first => {
                found.has_transparency = data.get(COLOR_TYPE).is_some_and(|color| HAS_ALPHA.contains(color));
            }
            b"tRNS" if is_before_pixels => found.has_transparency = true,
            b"iCCP" if is_before_pixels => found.profile = found.profile.or(Some(data)),
            b"IDAT" => is_before_pixels = false,
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

/// Where the first chunk, the header, ends in every PNG.
pub(super) const HEADER_S_END: usize = 8 + 12 + 13;

/// The index of the colour type and of the compression in the header's data; the only compression there is has number 0.
const COLOR_TYPE: usize = 9;
const COMPRESSION: usize = 10;
const INDEXED: u8 = 3;
const HAS_ALPHA: [u8; 2] = [4, 6];

/// Bytes that a colour profile may have; those of screens and cameras have some hundred to some thousand.
const MAX_PROFILE_BYTES: usize = 2 << 20;

/// The picture without what is wrong before its pixels and has no part in them, where the decoder would refuse it for that:
/// a palette of a wrong length in a picture whose pixels have their own colours, a second palette, a compression with
/// another number (the data says by itself what it is). Checksums stay as they were, so a header that was changed has a
/// wrong one. None where there is nothing of the kind.
pub(super) fn mended(png: &[u8]) -> Option<Vec<u8>> {
    let chunks = png.get(SIGNATURE.len()..)?;
    let (b"IHDR", header, mut rest) = next(chunks)? else { return None };
    let is_indexed = *header.get(COLOR_TYPE)? == INDEXED;
    let is_compression_wrong = *header.get(COMPRESSION)? != 0;
    let (mut dropped, mut has_palette) = (Vec::new(), false);
    while let Some((name, data, behind)) = next(rest) {
        match name {
            b"PLTE" if has_palette || !is_indexed && !is_palette_s_length(data.len()) => {
                dropped.push(png.len() - rest.len()..png.len() - behind.len());
            }
            b"PLTE" => has_palette = true,
            b"IDAT" => break,
            _ => {}
        }
        rest = behind;
    }
    if dropped.is_empty() && !is_compression_wrong {
        return None;
    }
    let mut out = png.to_vec();
    for range in dropped.into_iter().rev() {
        out.drain(range);
    }
    // Behind the length and the name.
    *out.get_mut(SIGNATURE.len() + 8 + COMPRESSION)? = 0;
    Some(out)
}

fn is_palette_s_length(bytes: usize) -> bool {
    bytes.is_multiple_of(3) && (3..=256 * 3).contains(&bytes)
}

/// The profile of an iCCP chunk: a name, 0, 0 for the compression that there is, the compressed profile. None where it can't be
/// inflated, or is too large.
pub(super) fn inflated_profile(chunk: &[u8]) -> Option<Vec<u8>> {
    let name = chunk.iter().take(80).position(|byte| *byte == 0)?;
    let compressed = chunk.get(name + 1..)?.strip_prefix(&[0])?;
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(compressed, MAX_PROFILE_BYTES).ok()
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

    fn header(color_type: u8, compression: u8) -> Vec<u8> {
        chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, color_type, compression, 0, 0])
    }

    #[test]
    fn palettes_that_have_no_part_in_the_pixels_are_left_out() {
        let data = chunk(b"IDAT", b"...");
        let palette = |bytes: usize| chunk(b"PLTE", &vec![7; bytes]);
        for (color_type, palettes, left) in [
            (2, vec![palette(5)], Some(vec![])),
            (6, vec![palette(0)], Some(vec![])),
            (2, vec![palette(771), palette(6)], Some(vec![palette(6)])),
            (3, vec![palette(6), palette(9), palette(3)], Some(vec![palette(6)])),
            (2, vec![palette(6)], None),
            (3, vec![palette(5)], None),
            (3, vec![], None),
        ] {
            let png = |palettes: &[Vec<u8>]| {
                [SIGNATURE, &header(color_type, 0), &palettes.concat(), &data, &palette(5)].concat()
            };
            assert_eq!(mended(&png(&palettes)), left.map(|left| png(&left)), "{color_type} {palettes:?}");
        }
    }

    #[test]
    fn a_compression_with_another_number_is_the_one_there_is() {
        let png = |compression| [SIGNATURE, &header(2, compression), &chunk(b"IDAT", b"...")].concat();
        assert_eq!(mended(&png(128)), Some(png(0)));
        assert_eq!(mended(&png(0)), None);
        for cut in 0..SIGNATURE.len() + 24 {
            assert_eq!(mended(&png(128)[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn what_can_t_be_followed_ends_the_search() {
        for png in [&b""[..], SIGNATURE, &[SIGNATURE, b"\xff\xff\xff\xffeXIf"].concat(), &chunk(b"IEND", b"")]
        {
            assert_eq!(describe(png), Described::default());
        }
    }
}

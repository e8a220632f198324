//! Files that begin with a box `ftyp` (ISO base media): photos from phones and cameras, and videos. A file has one major
//! brand and any number of compatible ones. Writers do not agree on which of them names the format, so all are read.
//! Brands: <https://mp4ra.org/registered-types/brands>.

/// Brands of which one tells what a file is, the rarer kind first: an AVIF also names the brands of HEIF that it is
/// built on, and a photo may be compatible with videos.
const BRANDS: [(&str, &[&[u8; 4]]); 5] = [
    ("a raw photo (Canon CR3)", &[b"crx "]),
    ("AVIF", &[b"avif", b"avis", b"avio"]),
    ("HEIC", &[b"heic", b"heix", b"heis", b"heim", b"hevc", b"hevx", b"hevm", b"hevs"]),
    ("JPEG XL", &[b"jxl "]),
    ("HEIC", &[b"mif1", b"mif2", b"msf1", b"miaf", b"MiHB", b"MiHA", b"MiHE", b"MiAB", b"heif"]),
];

/// Brands that are looked at; files have a dozen at most.
const MAX_BRANDS: usize = 64;

/// What kind of file this is, if it begins with such a box.
pub(super) fn name(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    let size = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let end = size.max(12).min(bytes.len());
    let major = bytes.get(8..12).unwrap_or_default();
    // Behind the major brand stands its version.
    let compatible = bytes.get(16..end).unwrap_or_default().chunks_exact(4).take(MAX_BRANDS);
    let brands: Vec<&[u8]> = std::iter::once(major).chain(compatible).collect();
    let found = BRANDS.iter().find(|(_, known)| known.iter().any(|brand| brands.contains(&brand.as_slice())));
    Some(match (found, major) {
        (Some((name, _)), _) => name,
        (None, b"qt  ") => "a video (QuickTime)",
        (None, [b'3', b'g', ..]) => "a video (3GP)",
        (None, b"M4A " | b"M4B ") => "a sound (M4A)",
        _ => "a video (MP4)",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(major: &str, compatible: &[&str]) -> Vec<u8> {
        let size = u32::try_from(16 + 4 * compatible.len()).unwrap();
        [
            &size.to_be_bytes()[..],
            b"ftyp",
            major.as_bytes(),
            b"\0\0\0\0",
            compatible.concat().as_bytes(),
            b"\0\0\0\x08meta",
        ]
        .concat()
    }

    #[test]
    fn all_brands_of_a_file_are_looked_at() {
        for (major, compatible, expected) in [
            ("heic", &["mif1", "heic"][..], "HEIC"),
            ("mif1", &["mif1", "heic"], "HEIC"),
            ("mif1", &["miaf", "avif"], "AVIF"),
            ("avis", &["msf1", "iso8"], "AVIF"),
            ("isom", &["MiHB"], "HEIC"),
            ("msf1", &["hevc"], "HEIC"),
            ("crx ", &["crx ", "isom"], "a raw photo (Canon CR3)"),
            ("isom", &["crx "], "a raw photo (Canon CR3)"),
            ("isom", &["iso2", "avc1", "mp41"], "a video (MP4)"),
            ("qt  ", &["qt  "], "a video (QuickTime)"),
            ("3gp5", &[], "a video (3GP)"),
        ] {
            assert_eq!(name(&file(major, compatible)), Some(expected), "{major} {compatible:?}");
        }
        for brand in BRANDS.iter().flat_map(|(_, brands)| *brands) {
            let brand = std::str::from_utf8(brand.as_slice()).unwrap();
            assert_eq!(name(&file(brand, &[])), name(&file("isom", &["iso2", brand])), "{brand}");
            assert_ne!(name(&file(brand, &[])), Some("a video (MP4)"), "{brand}");
        }
    }

    #[test]
    fn a_brand_behind_the_box_does_not_count() {
        let file = [file("isom", &["mp41"]), b"heic".to_vec()].concat();
        assert_eq!(name(&file), Some("a video (MP4)"));
        assert_eq!(name(b"\0\0\0\x18ftyp"), Some("a video (MP4)"));
        assert_eq!(name(b"\0\0\0\x18mdat"), None);
    }
}

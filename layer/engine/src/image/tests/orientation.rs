use super::{chunk, decode, read, with_chunks};

/// A JPEG with this APP1 segment right behind its start.
fn with_segment(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    let length = (segment.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, segment, &jpeg[2..]].concat()
}

const XMP: &[u8] = b"<x:xmpmeta><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>";

#[test]
fn orientation_is_found_whatever_else_is_wrong_with_exif() {
    let upright = read("chroma-420.jpg");
    // Five entries, all but the orientation point out of the block; so does the next list.
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x05".to_vec();
    for tag in [0x010F_u16, 0x0112, 0x8769, 0x8825, 0x927C] {
        let (kind, value) = if tag == 0x0112 { (3_u16, 6_u32 << 16) } else { (4, 0xFFFF_FFF0) };
        exif.extend(
            [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &1_u32.to_be_bytes(), &value.to_be_bytes()]
                .concat(),
        );
    }
    exif.extend([0xFF; 4]);
    let expected = decode(&read("orientation-6.jpg")).unwrap();
    assert_eq!(decode(&with_segment(&upright, &exif)).unwrap(), expected);
    let behind_junk = with_segment(&[&upright[..2], b"junk", &upright[2..]].concat(), &exif);
    assert_eq!(decode(&behind_junk).unwrap(), expected);
    let png = with_chunks(&read("rgb-8.png"), b"IDAT", &chunk(b"eXIf", &exif[6..]));
    assert_eq!(decode(&png).unwrap(), decode(&read("orientation-6.png")).unwrap());
    let behind = with_chunks(&read("rgb-8.png"), b"IEND", &chunk(b"eXIf", &exif[6..]));
    assert_eq!(decode(&behind).unwrap(), decode(&read("orientation-6.png")).unwrap(), "behind the pixels");
}

#[test]
fn orientation_in_xmp_counts_where_exif_says_nothing() {
    let segment = [b"http://ns.adobe.com/xap/1.0/\0", XMP].concat();
    let expected = decode(&read("orientation-6.jpg")).unwrap();
    assert_eq!(decode(&with_segment(&read("chroma-420.jpg"), &segment)).unwrap(), expected);
    assert_eq!(decode(&with_segment(&read("broken-exif.jpg"), &segment)).unwrap(), expected);
    let turned = read("orientation-3.jpg");
    assert_eq!(
        decode(&with_segment(&turned, &segment)).unwrap(),
        decode(&turned).unwrap(),
        "EXIF goes first"
    );
    let text = [b"XML:com.adobe.xmp\0\0\0\0\0", XMP].concat();
    let png = with_chunks(&read("rgb-8.png"), b"IDAT", &chunk(b"iTXt", &text));
    assert_eq!(decode(&png).unwrap(), decode(&read("orientation-6.png")).unwrap());
}

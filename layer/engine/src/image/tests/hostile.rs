use std::time::Instant;

use super::{crc, decode, error_of, notice_of, read};
use crate::image::decoder::MAX_KEPT_BYTES;
use crate::image::{
    Decoder, ImageError, MAX_PIXELS, MAX_PNG_ROWS, MAX_SCANNED_PIXELS, PixelFormat, thumbnail,
};

const MIB: usize = 1 << 20;

/// Decodes within `limit` to `size`.
fn decode_within(encoded: &[u8], limit: usize, size: (u32, u32)) -> Result<Vec<u8>, ImageError> {
    let mut pixels = vec![0; size.0 as usize * size.1 as usize * 3];
    Decoder::new(limit).decode_into(encoded, size.0, size.1, PixelFormat::Rgb8, &mut pixels)?;
    Ok(pixels)
}

#[test]
fn a_lossless_picture_is_decoded_as_large_as_it_comes_out_however_small_the_target() {
    for name in ["lossless.jpg", "lossless-12-bit.jpg", "lossless-one-by-one.jpg"] {
        let small = decode_within(&read(name), MIB, (5, 4)).unwrap();
        // Red grows to the right and green downwards.
        let (first, last) = (&small[..3], &small[small.len() - 3..]);
        assert!(first[0] + 60 < last[0] && first[1] + 60 < last[1], "{name}: {small:?}");
        assert!(thumbnail(&read(name), 10, MIB).is_ok(), "{name}");
    }
}

#[test]
fn scans_without_end_are_refused_and_the_largest_real_picture_is_not() {
    // Ten scans of a picture as large as any.
    const { assert!(MAX_SCANNED_PIXELS >= 10 * MAX_PIXELS) };
    let start = Instant::now();
    let error = error_of(&read("many-scans.jpg"));
    assert!(
        matches!(error, ImageError::TooMuchWork { width: 5000, height: 3000, scans: 3..100, .. }),
        "{error}"
    );
    assert!(
        error.is_limit() && error.to_string().contains("more work than 24 scans of 100 megapixels"),
        "{error}"
    );
    println!("refused after {:?}", start.elapsed());
}

#[test]
fn millions_of_pixels_in_one_row_or_column_are_stretched_within_their_limit_or_refused() {
    for (name, fits_into_16_mib) in
        [("extreme-wide.png", false), ("extreme-tall.png", true), ("extreme-wide-interlaced.png", false)]
    {
        let png = read(name);
        let pixels =
            decode_within(&png, 64 * MIB, (24, 24)).unwrap_or_else(|error| panic!("{name}: {error}"));
        // Six steps of 50 along the long side, the same along the other.
        let at = |x: usize, y: usize| pixels[(y * 24 + x) * 3];
        for step in 0..6 {
            let middle = step * 4 + 2;
            let value = if name.contains("tall") { at(5, middle) } else { at(middle, 5) };
            assert!(value.abs_diff(step as u8 * 50) <= 2, "{name}, step {step}: {value}");
        }
        let small = decode_within(&png, 16 * MIB, (24, 24));
        if fits_into_16_mib {
            assert!(small.is_ok(), "{name}");
        } else {
            assert!(matches!(small, Err(ImageError::TooMuchMemory { .. })), "{name}: {small:?}");
        }
    }
}

/// A row takes its time, however short it is.
#[test]
fn pngs_of_more_than_ten_million_rows_are_refused_before_they_are_decoded() {
    let png = |width: u32, height: u32, depth: u8, color: u8, interlaced: u8| {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let header = chunk(b"IHDR", &[&size[..], &[depth, color, 0, 0, interlaced]].concat());
        let palette = if color == 3 { chunk(b"PLTE", &[0; 3]) } else { Vec::new() };
        let data = chunk(b"IDAT", &fdeflate::compress_to_vec(&[0; 100]));
        [b"\x89PNG\r\n\x1a\n", &header[..], &palette, &data, &chunk(b"IEND", b"")].concat()
    };
    let most = MAX_PNG_ROWS as u32;
    for (width, height, rows) in [
        (1, 100_000_000, 100_000_000_u64),
        (1, most + 1, 10_000_001),
        (2, 50_000_000, 75_000_000),
        (5, 20_000_000, 37_500_000),
        (18, 5_500_000, 10_312_500),
    ] {
        for (depth, color) in [(8, 0), (1, 3), (16, 6)] {
            let error = error_of(&png(width, height, depth, color, 1));
            assert_eq!(error, ImageError::TooManyRows { rows, width, height });
            assert!(
                error.is_limit() && error.to_string().contains("accepted are up to 10 million"),
                "{error}"
            );
        }
    }
    assert!(error_of(&png(2, 50_000_000, 8, 0, 1)).to_string().contains("seven passes"));
    let plain = error_of(&png(1, most + 1, 8, 0, 0));
    assert_eq!(plain, ImageError::TooManyRows { rows: u64::from(most) + 1, width: 1, height: most + 1 });
    assert!(!plain.to_string().contains("passes"));
    for (width, height, interlaced) in [(1, most, 0), (1, most, 1), (18, 5_300_000, 1), (10, most, 0)] {
        let found = decode_within(&png(width, height, 8, 0, interlaced), 800 * MIB, (24, 24));
        assert!(matches!(found, Err(ImageError::Undecodable(_))), "{width} × {height}: {found:?}");
    }
}

#[test]
fn the_widest_and_the_tallest_jpeg_take_little() {
    for (width, height) in [(65_000, 2), (2, 65_000), (65_000, 600)] {
        let mut jpeg = Vec::new();
        let pixels = vec![90; usize::from(width) * usize::from(height)];
        let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 80);
        encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Luma).unwrap();
        let pixels = decode_within(&jpeg, 16 * MIB, (224, 224)).unwrap();
        assert!(pixels.iter().all(|value| value.abs_diff(90) <= 2), "{width} × {height}");
    }
}

#[test]
fn a_target_counts_with_what_its_stretch_takes() {
    let mut out = vec![0; 6_000_000 * 3];
    for (width, height) in [(6_000_000, 1), (1, 6_000_000), (3000, 2000)] {
        let mut decode = |limit: usize| {
            let png = read("one-pixel.png");
            Decoder::new(limit).decode_into(&png, width, height, PixelFormat::Rgb8, &mut out)
        };
        assert!(matches!(decode(16 * MIB), Err(ImageError::TooMuchMemory { .. })), "{width} × {height}");
        assert_eq!(decode(800 * MIB), Ok(None), "{width} × {height}");
    }
}

#[test]
fn buffers_that_grew_large_are_not_kept() {
    let mut decoder = Decoder::new(256 * MIB);
    let mut out = vec![0; 2000 * 1500 * 3];
    for name in ["extreme-wide.png", "lossless.jpg", "rgb-8-interlaced.png", "progressive.jpg"] {
        decoder.decode_into(&read(name), 2000, 1500, PixelFormat::Rgb8, &mut out).unwrap();
        assert!(decoder.scratch.capacity() <= MAX_KEPT_BYTES, "{name}");
        assert!(decoder.resized.capacity() <= MAX_KEPT_BYTES, "{name}");
        assert!(decoder.resizer.kept_bytes() <= MAX_KEPT_BYTES, "{name}");
    }
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
}

/// A PNG of 20 × 20 grey pixels; `parts` makes its data's chunks.
fn png_of(rows: usize, before: &[u8], parts: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let row = [&[0][..], &(0..20).map(|x| x * 12).collect::<Vec<u8>>()].concat();
    let data = fdeflate::compress_to_vec(&row.repeat(rows));
    let header = [20_u32.to_be_bytes(), 20_u32.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[&header[..], &[8, 0, 0, 0, 0]].concat());
    [b"\x89PNG\r\n\x1a\n", &header[..], before, &parts(&data), &chunk(b"IEND", b"")].concat()
}

#[test]
fn pngs_of_countless_chunks_and_of_data_behind_their_rows_are_pictures_like_others() {
    let one = |data: &[u8]| chunk(b"IDAT", data);
    let expected = decode(&png_of(20, &[], one)).unwrap();
    let countless = chunk(b"teSt", b"").repeat(50_000);
    // Deflated by a thousand: what they come to is never made.
    let bomb = fdeflate::compress_to_vec(&vec![0; 64 * MIB]);
    let texts = [
        chunk(b"zTXt", &[b"key\0\0", &bomb[..]].concat()),
        chunk(b"iCCP", &[b"key\0\0", &bomb[..]].concat()),
    ];
    let exif = chunk(b"eXIf", &[b"II*\0\x08\0\0\0", &[0xFF; 100_000][..]].concat());
    for (what, png) in [
        (
            "tiny chunks of data",
            png_of(20, &[], |data| data.chunks(1).flat_map(|part| chunk(b"IDAT", part)).collect()),
        ),
        ("countless other chunks", png_of(20, &countless, one)),
        ("deflated texts", png_of(20, &texts.concat(), one)),
        ("a large EXIF block", png_of(20, &exif, one)),
        ("a million rows too many", png_of(1_000_000, &[], one)),
    ] {
        assert_eq!(notice_of(&png), None, "{what}");
        assert_eq!(decode(&png).unwrap(), expected, "{what}");
    }
}

#[test]
fn jpegs_of_countless_segments_tables_and_restarts_are_pictures_like_others() {
    let whole = read("baseline.jpg");
    let tables = whole.windows(2).position(|pair| pair == [0xFF, 0xDB]).unwrap();
    let length = usize::from(u16::from_be_bytes([whole[tables + 2], whole[tables + 3]])) + 2;
    let table = &whole[tables..tables + length];
    for (what, segment) in [
        ("comments", &[0xFF, 0xFE, 0, 2][..]),
        ("APP1", &[0xFF, 0xE1, 0, 2]),
        ("APP14", &[0xFF, 0xEE, 0, 2]),
        ("restart intervals", &[0xFF, 0xDD, 0, 4, 0, 0]),
        ("tables", table),
    ] {
        let jpeg = [&whole[..tables], &segment.repeat(50_000), &whole[tables..]].concat();
        assert_eq!((notice_of(&jpeg), decode(&jpeg).unwrap()), (None, decode(&whole).unwrap()), "{what}");
    }
    // A restart interval of one unit, and none of the restarts.
    let scan = whole.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    let jpeg = [&whole[..scan], &[0xFF, 0xDD, 0, 4, 0, 1], &whole[scan..]].concat();
    let found = super::decode_with_notice(&jpeg);
    assert!(found.is_err() || found.unwrap().1.is_some());
}

/// 5,000 entries, each of which points to the list that they are in: a reader that follows them all makes 25 million.
#[test]
fn exif_that_points_to_itself_is_read_once() {
    let entry = [0x69, 0x87, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0];
    let block = [b"Exif\0\0II*\0\x08\0\0\0\x88\x13", &entry.repeat(5000)[..], &[0; 4]].concat();
    let whole = read("baseline.jpg");
    let length = (block.len() as u16 + 2).to_be_bytes();
    let jpeg = [&whole[..2], &[0xFF, 0xE1], &length, &block, &whole[2..]].concat();
    assert_eq!((notice_of(&jpeg), decode(&jpeg).unwrap()), (None, decode(&whole).unwrap()));
}

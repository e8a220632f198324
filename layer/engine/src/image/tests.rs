//! Pixels against another decoder's: tests/images, made by Pillow (see its README.md).

use std::path::PathBuf;

use proptest::prelude::*;

use super::limits::Memory;
use super::resize::First;
use super::*;

const SIZE: (u32, u32) = (40, 32);
const BYTES: usize = 40 * 32 * 3;
const MAX_BYTES: usize = 128 << 20;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/images")
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn decode(encoded: &[u8]) -> Result<Vec<u8>, ImageError> {
    decode_with_notice(encoded).map(|(pixels, _)| pixels)
}

fn decode_with_notice(encoded: &[u8]) -> Result<(Vec<u8>, Option<String>), ImageError> {
    let mut pixels = vec![0; BYTES];
    let mut decoder = Decoder::new(MAX_BYTES);
    let notice = decoder.decode_into(encoded, SIZE.0, SIZE.1, PixelFormat::Rgb8, &mut pixels)?;
    Ok((pixels, notice.map(|notice| notice.to_string())))
}

/// The reason why there are no pixels.
fn error_of(encoded: &[u8]) -> ImageError {
    match decode_with_notice(encoded) {
        Ok((_, notice)) => panic!("it was decoded, with the notice {notice:?}"),
        Err(error) => error,
    }
}

fn notice_of(encoded: &[u8]) -> Option<String> {
    decode_with_notice(encoded).unwrap_or_else(|error| panic!("{error}")).1
}

/// Mean and largest distance between two sets of pixels.
fn distance(a: &[u8], b: &[u8]) -> (f64, u8) {
    assert_eq!(a.len(), b.len());
    let distances: Vec<u8> = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).collect();
    let sum: u32 = distances.iter().copied().map(u32::from).sum();
    (f64::from(sum) / a.len() as f64, distances.into_iter().max().unwrap())
}

/// Compares every picture with this ending that has an expectation.
fn assert_all_agree(ending: &str, mean: f64, most: u8) {
    let mut compared = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(ending) || !folder().join(format!("{name}.rgb")).exists() {
            continue;
        }
        let found = decode(&read(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (found_mean, found_most) = distance(&found, &read(&format!("{name}.rgb")));
        assert!(found_mean <= mean && found_most <= most, "{name}: mean {found_mean:.2}, most {found_most}");
        compared += 1;
    }
    assert!(compared >= 20, "only {compared} pictures ending in {ending}");
}

#[test]
fn jpegs_of_every_kind_and_orientation_agree_with_pillow() {
    assert_all_agree(".jpg", 1.0, 8);
}

#[test]
fn pngs_of_every_colour_type_and_depth_agree_with_pillow() {
    assert_all_agree(".png", 0.6, 3);
}

#[test]
fn a_stretch_is_pillow_s_to_the_bit() {
    for name in
        ["rgb-8.png", "rgb-8-interlaced.png", "grey-8.png", "palette-8.png", "lossless.jpg", "restarts.jpg"]
    {
        assert!(decode(&read(name)).unwrap() == read(&format!("{name}.rgb")), "{name}");
    }
}

#[test]
fn the_four_pixel_formats_hold_the_same_pixels() {
    let encoded = read("rgb-8.png");
    let decode_as = |format: PixelFormat| {
        let mut out = vec![0; 40 * 32 * format.pixel_bytes()];
        Decoder::new(MAX_BYTES).decode_into(&encoded, SIZE.0, SIZE.1, format, &mut out).unwrap();
        out
    };
    let rgb = decode_as(PixelFormat::Rgb8);
    let swapped: Vec<u8> = rgb.chunks_exact(3).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect();
    let floats = |bytes: &[u8]| {
        bytes.iter().flat_map(|byte| (f32::from(*byte) / 255.0).to_le_bytes()).collect::<Vec<_>>()
    };
    assert_eq!(decode_as(PixelFormat::Bgr8), swapped);
    assert_eq!(decode_as(PixelFormat::RgbF32), floats(&rgb));
    assert_eq!(decode_as(PixelFormat::BgrF32), floats(&swapped));
}

#[test]
fn a_decoder_gives_the_same_pixels_whatever_it_decoded_before() {
    let mut decoder = Decoder::new(MAX_BYTES);
    let mut pixels = vec![0; BYTES];
    for name in ["cmyk.jpg", "one-pixel.png", "rgb-16-interlaced.png", "orientation-6.jpg", "cmyk.jpg"] {
        decoder.decode_into(&read(name), SIZE.0, SIZE.1, PixelFormat::Rgb8, &mut pixels).unwrap();
        assert_eq!(Ok(&pixels), decode(&read(name)).as_ref(), "{name}");
    }
}

/// A large picture whose shapes are larger than the reduction, as PNG.
fn large_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Rgb);
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| {
            (0..width).flat_map(move |x| {
                [(x * 255 / width) as u8, (y * 255 / height) as u8, ((x / 64 + y / 64) % 2 * 200) as u8]
            })
        })
        .collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    bytes
}

use ::png::ColorType;

#[test]
fn a_reduced_decode_agrees_with_a_whole_one() {
    // With sides that no power of two divides; the first two are not averaged, the last ones by 2 and by 8.
    for (width, height) in [(263, 201), (799, 639), (801, 643), (3203, 2563)] {
        let encoded = large_png(width, height);
        let mut whole = vec![0; (width * height * 3) as usize];
        Decoder::new(MAX_BYTES).decode_into(&encoded, width, height, PixelFormat::Rgb8, &mut whole).unwrap();
        let mut expected = Vec::new();
        let whole = pixels::Rgb::new((width, height), (width.into(), height.into()), whole);
        resize::Resizer::default()
            .resize(&whole, (100, 80), First::Across, &mut Memory::new(MAX_BYTES), &mut expected)
            .unwrap();
        let mut reduced = vec![0; 100 * 80 * 3];
        Decoder::new(MAX_BYTES).decode_into(&encoded, 100, 80, PixelFormat::Rgb8, &mut reduced).unwrap();
        let (mean, most) = distance(&reduced, &expected);
        if width < 800 {
            assert_eq!(most, 0, "{width} × {height}");
        }
        assert!(mean <= 0.4 && most <= 30, "{width} × {height}: mean {mean:.2}, most {most}");
    }
}

#[test]
fn a_jpeg_with_most_of_its_data_is_decoded_and_one_with_little_is_not() {
    assert!(decode(&read("most-there.jpg")).is_ok());
    for name in ["little-there.jpg", "header-only.jpg"] {
        let error = error_of(&read(name));
        assert!(matches!(error, ImageError::Undecodable(_)), "{name}: {error}");
    }
}

#[test]
fn pictures_over_100_megapixels_are_refused_by_their_header() {
    assert_eq!(decode(&read("bomb.png")), Err(ImageError::TooLarge { width: 100_000, height: 100_000 }));
    let mut jpeg = read("baseline.jpg");
    let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0x00, 0xFF, 0x00]);
    assert_eq!(decode(&jpeg), Err(ImageError::TooLarge { width: 65_280, height: 65_280 }));
}

/// The CRC of a PNG chunk (PNG specification, annex D).
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[test]
fn a_palette_that_ends_within_a_colour_or_has_too_many_is_undecodable() {
    let png = read("palette-4.png");
    let at = png.windows(4).position(|name| name == b"PLTE").unwrap();
    let length = u32::from_be_bytes(png[at - 4..at].try_into().unwrap()) as usize;
    for palette_bytes in [1, 46, 257 * 3] {
        let chunk = [b"PLTE".as_slice(), &vec![7; palette_bytes]].concat();
        let (length_of_chunk, sum) = ((palette_bytes as u32).to_be_bytes(), crc(&chunk).to_be_bytes());
        let damaged = [&png[..at - 4], &length_of_chunk, &chunk, &sum, &png[at + 4 + length + 4..]].concat();
        assert!(matches!(decode(&damaged), Err(ImageError::Undecodable(_))), "{palette_bytes} bytes");
    }
}

#[test]
fn pictures_that_must_be_in_memory_as_a_whole_are_refused_beyond_the_limit_before_they_are_decoded() {
    let mut jpeg = read("progressive.jpg");
    let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC2]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x23, 0x28, 0x23, 0x28]);
    let error = error_of(&jpeg);
    // 9,000 rows of 9,000 pixels, in whole units of 16, two bytes each, and the chroma of a quarter of the size.
    let needed = 9_008 * 9_008 * 2 + 4_504 * 4_504 * 2 * 2;
    assert_eq!(error, ImageError::TooMuchMemory { needed, limit: MAX_BYTES });
    assert_eq!(error.to_string(), "decoding the picture takes 233 MiB, accepted are up to 128");
    assert!(error.is_limit());

    let mut png = read("rgb-8-interlaced.png");
    png[16..24].copy_from_slice(&[0, 0, 0x1F, 0x40, 0, 0, 0x1F, 0x40]);
    let sum = crc(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&sum);
    let error = error_of(&png);
    // The whole picture, and a few rows.
    let whole = 8000 * 8000 * 3;
    assert!(
        matches!(error, ImageError::TooMuchMemory { needed, .. } if needed > whole && needed < whole + (2 << 20)),
        "{error}"
    );
}

/// libjpeg-turbo may give up where it has written nothing, or little.
#[test]
fn nothing_of_an_earlier_picture_shows_where_a_warning_hid_an_error() {
    let mut decoder = Decoder::new(MAX_BYTES);
    let mut pixels = vec![0; BYTES];
    for cut in (100..read("progressive.jpg").len() - 2).step_by(50) {
        decoder.decode_into(&read("baseline.jpg"), SIZE.0, SIZE.1, PixelFormat::Rgb8, &mut pixels).unwrap();
        let mut jpeg = read("progressive.jpg");
        jpeg.truncate(cut);
        // Bytes that belong to nothing, for the warning; a table of 16 × 255 codes, for the error.
        jpeg.extend([[0_u8; 64].as_slice(), &[0xFF, 0xC4, 0, 19, 0], &[0xFF; 16], &[0xFF, 0xD9]].concat());
        let result = decoder.decode_into(&jpeg, SIZE.0, SIZE.1, PixelFormat::Rgb8, &mut pixels);
        assert!(!matches!(result, Ok(None)), "{cut} bytes");
        match decode(&jpeg) {
            Ok(expected) => assert!(result.is_ok() && pixels == expected, "{cut} bytes"),
            Err(error) => assert_eq!(result, Err(error), "{cut} bytes"),
        }
    }
}

#[test]
fn other_formats_are_unsupported() {
    for bytes in [&b"GIF89a"[..], b"RIFF....WEBP", b"", b"text"] {
        assert_eq!(decode(bytes), Err(ImageError::Unsupported));
    }
}

#[test]
fn impossible_targets_and_small_buffers_are_refused() {
    let encoded = read("rgb-8.png");
    let mut decoder = Decoder::new(MAX_BYTES);
    let mut out = vec![0; BYTES];
    for (width, height) in [(0, 32), (40, 0), (u32::MAX, u32::MAX)] {
        let result = decoder.decode_into(&encoded, width, height, PixelFormat::Rgb8, &mut out);
        assert_eq!(result, Err(ImageError::Target { width, height }));
    }
    let result = decoder.decode_into(&encoded, 40, 32, PixelFormat::Rgb8, &mut out[1..]);
    assert_eq!(result, Err(ImageError::BufferTooSmall { found: BYTES - 1, needed: BYTES }));
}

proptest! {
    #[test]
    fn damaged_pictures_of_every_kind_never_panic(
        name in prop::sample::select(vec!["progressive.jpg", "cmyk.jpg", "orientation-5.jpg", "rgb-16-interlaced.png", "palette-4.png"]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        length in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = read(name);
        for (index, value) in damage {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        let _ = decode(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_signature_never_panic(is_png in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let signature: &[u8] = if is_png { b"\x89PNG\r\n\x1a\n" } else { b"\xFF\xD8\xFF" };
        let _ = decode(&[signature, &bytes].concat());
    }
}

fn percent(text: &str) -> u32 {
    let (before, _) = text.split_once(" %").unwrap_or_else(|| panic!("{text}"));
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

fn assert_same(encoded: &[u8], expected: &[u8]) {
    let (mean, most) = distance(&decode(encoded).unwrap(), &decode(expected).unwrap());
    assert!(mean <= 0.5 && most <= 8, "mean {mean:.2}, most {most}");
}

/// A chunk of a PNG.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), data].concat();
    [&(data.len() as u32).to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
}

/// `png` with `chunks` before its first chunk of that name.
fn with_chunks(png: &[u8], before: &[u8; 4], chunks: &[u8]) -> Vec<u8> {
    let at = png.windows(4).position(|name| name == before).unwrap() - 4;
    [&png[..at], chunks, &png[at..]].concat()
}

/// JPEGs that are damaged, incomplete or odd, and what they get.
mod damage;
/// Pictures that are made to take much memory or time.
mod hostile;
/// Which way is up, whatever else is wrong with what says so.
mod orientation;
/// The same for PNGs as for JPEGs.
mod png_damage;
/// Pictures as people see them, and pixels written as pictures.
mod upright;

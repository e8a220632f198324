//! Pictures behind the host function: any bytes, any target size, and a decoder that has seen other pictures.
//!
//! The input: target width and height (u32, little-endian), pixel format and mode (a byte), then the picture.

#![no_main]

use std::cell::RefCell;

use engine::image::{
    Decoder, Effort, ImageError, PixelFormat, Quality, Raster, decode_upright, describe, encode_jpeg,
    encode_png, resize, thumbnail,
};
use libfuzzer_sys::fuzz_target;
use raster::Channels;

/// More would only test the allocator; larger targets meet a buffer that is too small.
const MAX_OUT_BYTES: usize = 1 << 20;

/// Pictures that say they are larger are decoded for one of 16 modes only: each takes a while.
const MAX_USUAL_PIXELS: u64 = 1 << 20;

/// Decoding takes no more.
const MAX_BYTES: usize = 128 << 20;

thread_local! {
    static USED: RefCell<Decoder> = RefCell::new(Decoder::new(MAX_BYTES));
}

fuzz_target!(|input: &[u8]| {
    let Some((head, picture)) = input.split_first_chunk::<9>() else { return };
    let [w0, w1, w2, w3, h0, h1, h2, h3, mode] = *head;
    let (width, height) = (u32::from_le_bytes([w0, w1, w2, w3]), u32::from_le_bytes([h0, h1, h2, h3]));
    let format = [PixelFormat::Rgb8, PixelFormat::Bgr8, PixelFormat::RgbF32, PixelFormat::BgrF32]
        [usize::from(mode & 3)];
    if mode >> 4 != 15 && said_pixels(picture) > MAX_USUAL_PIXELS {
        return;
    }
    check_decoding(picture, width, height, format);
    if mode & 4 != 0 {
        check_thumbnail(picture);
    }
    if mode & 8 != 0 {
        check_operations(picture, width, height, if mode & 1 == 0 { Channels::Rgb } else { Channels::Rgba });
    }
});

/// What functions ask for beyond that: upright pixels, other sizes of them, and pictures of them, which are read again.
fn check_operations(picture: &[u8], width: u32, height: u32, channels: Channels) {
    let described = describe(picture);
    let bytes = u128::from(width) * u128::from(height) * channels.bytes() as u128;
    let mut out = vec![0xAA; usize::try_from(bytes).unwrap_or(MAX_OUT_BYTES).min(MAX_OUT_BYTES)];
    if decode_upright(picture, (width, height), channels, &mut out, MAX_BYTES).is_err() {
        return;
    }
    assert!(described.is_ok(), "decoded, though its header can't be read");
    let mut small = [0; 4 * 7 * 5];
    resize(&out, (width, height), (7, 5), channels, &mut small, MAX_BYTES).expect("pixels that there are");
    let raster = Raster { pixels: &small, width: 7, height: 5, channels: channels.bytes() as u32 };
    let mut encoded = vec![0; 8192];
    let length = encode_png(raster, Effort::Fast, &mut encoded, MAX_BYTES).expect("pixels that there are");
    let mut again = [0; 4 * 7 * 5];
    decode_upright(&encoded[..length], (7, 5), channels, &mut again, MAX_BYTES).expect("our own PNG");
    assert!(again == small, "a PNG loses nothing");
    if channels == Channels::Rgb {
        let quality = Quality::new(90).expect("a quality");
        let length = encode_jpeg(raster, quality, &mut encoded, MAX_BYTES).expect("pixels that there are");
        decode_upright(&encoded[..length], (7, 5), channels, &mut again, MAX_BYTES).expect("our own JPEG");
    }
}

/// A used decoder gives the same as a new one: nothing of an earlier picture shows through.
fn check_decoding(picture: &[u8], width: u32, height: u32, format: PixelFormat) {
    let needed = u128::from(width) * u128::from(height) * format.pixel_bytes() as u128;
    let length = usize::try_from(needed).unwrap_or(MAX_OUT_BYTES).min(MAX_OUT_BYTES);
    let (mut used, mut fresh) = (vec![0xAA; length], vec![0xAA; length]);
    let with_used =
        USED.with_borrow_mut(|decoder| decoder.decode_into(picture, width, height, format, &mut used));
    let with_fresh = Decoder::new(MAX_BYTES).decode_into(picture, width, height, format, &mut fresh);
    assert_eq!(with_used, with_fresh);
    match with_fresh {
        Ok(_) => {
            assert!(needed == length as u128 && needed > 0);
            assert!(used == fresh, "something of an earlier picture is in {width} × {height} pixels");
        }
        Err(ImageError::BufferTooSmall { .. }) => assert!(needed > length as u128),
        Err(_) => {}
    }
}

fn check_thumbnail(picture: &[u8]) {
    if let Ok(small) = thumbnail(picture, 48, MAX_BYTES) {
        let mut pixels = [0; 3];
        Decoder::new(MAX_BYTES)
            .decode_into(&small, 1, 1, PixelFormat::Rgb8, &mut pixels)
            .expect("our own JPEG");
    }
}

/// What the header says, read more loosely than the decoders do: enough to tell the large ones.
fn said_pixels(picture: &[u8]) -> u64 {
    let number = |at: usize, length: usize| {
        let bytes = picture.get(at..at + length).unwrap_or_default();
        bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
    };
    if picture.starts_with(b"\x89PNG") {
        return number(16, 4).saturating_mul(number(20, 4));
    }
    let is_frame = |pair: &[u8]| {
        pair[0] == 0xFF && matches!(pair[1], 0xC0..=0xCF) && !matches!(pair[1], 0xC4 | 0xC8 | 0xCC)
    };
    let frames = picture.windows(2).enumerate().filter(|(_, pair)| is_frame(pair));
    frames.map(|(at, _)| number(at + 5, 2) * number(at + 7, 2)).max().unwrap_or(0)
}

use raster::Channels;

use super::read;
use crate::image::{
    Effort, ImageError, Quality, Raster, decode_upright, describe, encode_jpeg, encode_png, resize,
};

const MOST: usize = 64 << 20;

fn upright(encoded: &[u8], size: (u32, u32), channels: Channels) -> Vec<u8> {
    let mut out = vec![0; size.0 as usize * size.1 as usize * channels.bytes()];
    decode_upright(encoded, size, channels, &mut out, MOST).unwrap();
    out
}

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

/// What the other decoder makes of it at its own size: upright, no stretch.
fn as_decoded(encoded: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let mut out = vec![0; width as usize * height as usize * 3];
    let mut decoder = crate::image::Decoder::new(MOST);
    decoder.decode_into(encoded, width, height, crate::image::PixelFormat::Rgb8, &mut out).unwrap();
    out
}

#[test]
fn at_its_own_size_a_picture_is_what_it_is() {
    for name in [
        "baseline.jpg",
        "progressive.jpg",
        "cmyk.jpg",
        "grey.jpg",
        "12-bit.jpg",
        "lossless-12-bit.jpg",
        "chroma-420.jpg",
        "grey-1.png",
        "grey-alpha-8-interlaced.png",
        "grey-16-interlaced.png",
    ] {
        let encoded = read(name);
        let size = describe(&encoded).unwrap().size;
        assert!(upright(&encoded, size, Channels::Rgb) == as_decoded(&encoded, size), "{name}");
    }
}

#[test]
fn another_size_is_near_that_of_the_other_stretch() {
    for name in ["baseline.jpg", "chroma-420.jpg", "cmyk.jpg", "grey-8.png"] {
        let encoded = read(name);
        let (width, height) = describe(&encoded).unwrap().size;
        let size = (width.div_ceil(3), height.div_ceil(3));
        let difference =
            mean_difference(&upright(&encoded, size, Channels::Rgb), &as_decoded(&encoded, size));
        assert!(difference < 12.0, "{name}: {difference}");
    }
}

#[test]
fn alpha_is_there_where_it_is_wanted() {
    let encoded = read("grey-alpha-8.png");
    let described = describe(&encoded).unwrap();
    assert!(described.has_alpha);
    let with = upright(&encoded, described.size, Channels::Rgba);
    let over_white: Vec<u8> = with
        .chunks_exact(4)
        .flat_map(|pixel| {
            let alpha = u32::from(pixel[3]);
            [0, 1, 2].map(|at| ((u32::from(pixel[at]) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
        })
        .collect();
    assert_eq!(over_white, upright(&encoded, described.size, Channels::Rgb));
    let opaque = read("baseline.jpg");
    assert!(!describe(&opaque).unwrap().has_alpha);
    assert!(upright(&opaque, (5, 5), Channels::Rgba).chunks(4).all(|pixel| pixel[3] == 255));
}

#[test]
fn targets_and_buffers_that_are_none_are_refused() {
    let encoded = read("baseline.jpg");
    for size in [(0, 1), (1, 0), (u32::MAX, u32::MAX)] {
        let error = decode_upright(&encoded, size, Channels::Rgb, &mut [0; 64], MOST).unwrap_err();
        assert_eq!(error, ImageError::Target { width: size.0, height: size.1 });
    }
    let error = decode_upright(&encoded, (4, 4), Channels::Rgba, &mut [0; 63], MOST).unwrap_err();
    assert_eq!(error, ImageError::BufferTooSmall { found: 63, needed: 64 });
    let error = decode_upright(&encoded, (4, 4), Channels::Rgb, &mut [0; 64], 1000).unwrap_err();
    assert!(error.is_limit(), "{error}");
    for size in [(0, 1), (u32::MAX, 2)] {
        assert!(resize(&[0; 12], size, (1, 1), Channels::Rgb, &mut [0; 12], MOST).is_err());
        assert!(resize(&[0; 12], (2, 2), size, Channels::Rgb, &mut [0; 12], MOST).is_err());
    }
}

#[test]
fn what_is_written_is_read_again() {
    let encoded = read("baseline.jpg");
    let (width, height) = describe(&encoded).unwrap().size;
    let pixels = upright(&encoded, (width, height), Channels::Rgb);
    let raster = Raster { pixels: &pixels, width, height, channels: 3 };
    let mut out = vec![0; 1 << 20];
    for effort in [Effort::Fast, Effort::Small] {
        let length = encode_png(raster, effort, &mut out, MOST).unwrap();
        assert!(upright(&out[..length], (width, height), Channels::Rgb) == pixels, "{effort:?}");
    }
    let length = encode_jpeg(raster, Quality::new(90).unwrap(), &mut out, MOST).unwrap();
    let again = upright(&out[..length], (width, height), Channels::Rgb);
    assert!(mean_difference(&again, &pixels) < 6.0);
    let grey = Raster { channels: 1, ..raster };
    assert!(encode_jpeg(grey, Quality::new(1).unwrap(), &mut out, MOST).is_ok());
    assert!(encode_png(grey, Effort::Fast, &mut out, MOST).is_ok());
}

#[test]
fn what_can_t_be_written_is_an_error() {
    let raster = Raster { pixels: &[7; 300], width: 10, height: 10, channels: 3 };
    let quality = Quality::new(80).unwrap();
    let mut out = vec![0; 4096];
    for length in [0, 1, 100] {
        assert!(encode_jpeg(raster, quality, &mut out[..length], MOST).is_err(), "{length}");
    }
    assert!(encode_png(raster, Effort::Fast, &mut out[..20], MOST).is_err());
    for (width, height, channels) in
        [(11, 10, 3), (10, 10, 4), (10, 10, 2), (0, 1, 3), (u32::MAX, u32::MAX, 3)]
    {
        let wrong = Raster { width, height, channels, ..raster };
        assert!(encode_jpeg(wrong, quality, &mut out, MOST).is_err(), "{width} × {height} × {channels}");
        assert!(encode_png(wrong, Effort::Fast, &mut out, MOST).is_err(), "{width} × {height} × {channels}");
    }
    let long = Raster { pixels: &[0; 66_000], width: 66_000, height: 1, channels: 1 };
    assert!(encode_jpeg(long, quality, &mut vec![0; 1 << 20], MOST).is_err());
    assert!(encode_png(raster, Effort::Fast, &mut out, 1000).unwrap_err().is_limit());
    assert_eq!((Quality::new(0), Quality::new(101)), (None, None));
}

#[test]
fn colours_of_a_profile_become_those_of_srgb_in_either_format() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let pixels = [128, 64, 32].repeat(64);
    let raster = Raster { pixels: &pixels, width: 8, height: 8, channels: 3 };
    let mut out = vec![0; 1 << 16];
    let length = encode_jpeg(raster, Quality::new(100).unwrap(), &mut out, MOST).unwrap();
    let segment = [b"ICC_PROFILE\0\x01\x01", profile.as_slice()].concat();
    let head = (segment.len() as u16 + 2).to_be_bytes();
    let jpeg = [&out[..2], b"\xFF\xE2", &head, &segment, &out[2..length]].concat();
    let length = encode_png(raster, Effort::Fast, &mut out, MOST).unwrap();
    let compressed = miniz_oxide::deflate::compress_to_vec_zlib(&profile, 6);
    let iccp = super::chunk(b"iCCP", &[b"wide\0\0", compressed.as_slice()].concat());
    let png = super::with_chunks(&out[..length], b"IDAT", &iccp);
    for (picture, is_jpeg) in [(jpeg, true), (png, false)] {
        for size in [(8, 8), (4, 4), (3, 7)] {
            for channels in [Channels::Rgb, Channels::Rgba] {
                let found = upright(&picture, size, channels);
                // The expected colour is that of image/profile.rs; a JPEG is off by one or two before.
                let off = if is_jpeg { 4 } else { 1 };
                let is_near = found[..3].iter().zip([138_u8, 59, 21]).all(|(a, b)| a.abs_diff(b) <= off);
                assert!(is_near, "{:?} at {size:?}, JPEG: {is_jpeg}", &found[..3]);
            }
        }
    }
}

//! Rows against the definition, computed pixel by pixel.

use super::*;

fn resampled(shape: Shape, pixels: &[u8]) -> Vec<u8> {
    let light = Light::new();
    let mut resampler = Resampler::new(shape, &light);
    let mut out = Vec::new();
    for row in pixels.chunks(shape.from.0 as usize * shape.channels.bytes()) {
        resampler.push(row, &mut |number, row| {
            assert_eq!(number as usize * row.len(), out.len());
            out.extend_from_slice(row);
        });
    }
    out
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// All pixels at once, in double precision, straight from the definition.
fn by_definition(shape: Shape, pixels: &[u8]) -> Vec<f64> {
    let light = Light::new();
    let (from, to) = (shape.from, shape.to);
    let lanczos = |at: f64| {
        let sinc = |at: f64| {
            if at == 0.0 { 1.0 } else { (at * std::f64::consts::PI).sin() / (at * std::f64::consts::PI) }
        };
        if at.abs() < 3.0 { sinc(at) * sinc(at / 3.0) } else { 0.0 }
    };
    let weights = |from: u32, to: u32, at: u32| -> Vec<f64> {
        let scale = f64::from(from) / f64::from(to);
        let center = (f64::from(at) + 0.5) * scale;
        let all: Vec<f64> =
            (0..from).map(|at| lanczos((f64::from(at) + 0.5 - center) / scale.max(1.0))).collect();
        let sum: f64 = all.iter().sum();
        all.into_iter().map(|weight| weight / sum).collect()
    };
    let mut out = Vec::new();
    for y in 0..to.1 {
        let down = weights(from.1, to.1, y);
        for x in 0..to.0 {
            let across = weights(from.0, to.0, x);
            for channel in 0..3 {
                let mut sum = 0.0;
                for (row, weight) in pixels.chunks(from.0 as usize * 3).zip(&down) {
                    for (pixel, of_column) in row.chunks(3).zip(&across) {
                        sum += f64::from(light.linear(pixel[channel])) * weight * of_column;
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

#[test]
fn pixels_are_those_of_the_definition() {
    let light = Light::new();
    for (from, to) in [((60, 40), (20, 13)), ((31, 57), (30, 9)), ((9, 7), (20, 21)), ((5, 5), (1, 1))] {
        let shape = Shape::new(from, to, Channels::Rgb);
        let pixels = noise(from.0 as usize * from.1 as usize * 3);
        let found = resampled(shape, &pixels);
        let expected = by_definition(shape, &pixels);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let expected = light.encoded(expected as f32);
            assert!(found.abs_diff(expected) <= 1, "{from:?} to {to:?}: {found}, {expected}");
        }
    }
}

#[test]
fn the_same_size_is_the_same_picture() {
    for channels in [Channels::Rgb, Channels::Rgba] {
        let mut pixels = noise(8 * 5 * channels.bytes());
        if channels == Channels::Rgba {
            pixels.chunks_mut(4).for_each(|pixel| pixel[3] = 255);
        }
        assert_eq!(resampled(Shape::new((8, 5), (8, 5), channels), &pixels), pixels);
    }
}

#[test]
fn one_colour_stays_one_colour_however_far_it_is_reduced_or_enlarged() {
    for (from, to) in [((1000, 3), (3, 2)), ((3, 900), (1, 4)), ((333, 333), (2, 2)), ((2, 2), (9, 17))] {
        let pixels = [12, 200, 99].repeat((from.0 * from.1) as usize);
        let out = resampled(Shape::new(from, to, Channels::Rgb), &pixels);
        assert_eq!(out, [12, 200, 99].repeat((to.0 * to.1) as usize), "{from:?} to {to:?}");
    }
}

#[test]
fn grey_is_the_mean_of_light_and_not_of_numbers() {
    let chequered: Vec<u8> = (0..64 * 64).flat_map(|at| [((at + at / 64) % 2 * 255) as u8; 3]).collect();
    let out = resampled(Shape::new((64, 64), (8, 8), Channels::Rgb), &chequered);
    // Half of the light: sRGB's 188, not 128.
    assert!(out.iter().all(|value| (187..=189).contains(value)), "{out:?}");
}

#[test]
fn transparent_pixels_have_no_colour_to_give() {
    let pixels: Vec<u8> =
        (0..32 * 32).flat_map(|at| if at % 32 < 16 { [255, 0, 0, 255] } else { [0, 255, 0, 0] }).collect();
    let out = resampled(Shape::new((32, 32), (8, 8), Channels::Rgba), &pixels);
    assert!(out.chunks(4).all(|pixel| pixel[1] == 0), "no green shines through");
    assert_eq!((&out[..4], &out[28..32]), (&[255, 0, 0, 255][..], &[0; 4][..]));
}

#[test]
fn averages_first_come_to_nearly_the_same() {
    let shape = Shape::new((320, 320), (8, 8), Channels::Rgb);
    assert_eq!(shape.factors(), (5, 5));
    let pixels: Vec<u8> = (0..320 * 320_u32)
        .flat_map(|at| [(at % 320 * 2 / 3) as u8, (at / 320 * 2 / 3) as u8, (at % 251) as u8])
        .collect();
    let light = Light::new();
    for (found, expected) in resampled(shape, &pixels).iter().zip(by_definition(shape, &pixels)) {
        assert!(found.abs_diff(light.encoded(expected as f32)) <= 1);
    }
}

#[test]
fn what_it_takes_does_not_grow_with_the_picture() {
    let bytes = |from, to| Shape::new(from, to, Channels::Rgb).bytes();
    assert!(bytes((10_000, 10_000), (160, 160)) < 1 << 20);
    assert!(bytes((100_000_000, 1), (160, 1)) < 1 << 20);
    assert!(bytes((1, 100_000_000), (1, 160)) < 1 << 20);
    assert!(bytes((1, 1), (1, u32::MAX)) > u64::from(u32::MAX));
}

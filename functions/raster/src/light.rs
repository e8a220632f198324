//! sRGB and linear light (IEC 61966-2-1). Means of light must be made of light: those of sRGB's numbers are too dark.

use crate::whole;

/// Steps between black and white of the way back. The steepest part of the curve has five of them for each of its own.
const STEPS: u16 = 1 << 14;

/// Tables for both ways.
#[derive(Clone, Debug)]
pub struct Light {
    linear: [f32; 256],
    encoded: Vec<u8>,
}

impl Default for Light {
    fn default() -> Self {
        Self::new()
    }
}

impl Light {
    /// Makes the tables, 17 KB.
    pub fn new() -> Self {
        let mut linear = [0.0; 256];
        for (value, out) in linear.iter_mut().enumerate() {
            *out = light_of(value as f64 / 255.0) as f32;
        }
        let mut encoded = Vec::with_capacity(usize::from(STEPS) + 1);
        let mut value = 0_u8;
        for step in 0..=STEPS {
            let light = f64::from(step) / f64::from(STEPS);
            while value < 255 && light >= light_of((f64::from(value) + 0.5) / 255.0) {
                value += 1;
            }
            encoded.push(value);
        }
        Self { linear, encoded }
    }

    /// The light of sRGB's `value`, 0 to 1.
    #[inline(always)]
    pub fn linear(&self, value: u8) -> f32 {
        // There is one for each byte.
        self.linear.get(usize::from(value)).copied().unwrap_or(0.0)
    }

    /// The value of sRGB nearest to `light`; black below 0 and white above 1.
    #[inline(always)]
    pub fn encoded(&self, light: f32) -> u8 {
        let step = whole::nearest(light * f32::from(STEPS), STEPS);
        self.encoded.get(step).copied().unwrap_or(0)
    }
}

fn light_of(value: f64) -> f64 {
    if value <= 0.040_45 {
        return value / 12.92;
    }
    let base = (value + 0.055) / 1.055;
    base * base * fifth_root(base * base)
}

/// By Newton, for 0.001 to 1. The 2.4 of the curve is 2 and two fifths.
fn fifth_root(number: f64) -> f64 {
    let mut root = 1.0_f64;
    for _ in 0..24 {
        root = (4.0 * root + number / (root * root * root * root)) / 5.0;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_that_of_srgb() {
        for value in 0..=1000 {
            let value = f64::from(value) / 1000.0;
            let expected = if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
            assert!((light_of(value) - expected).abs() < 1e-12, "{value}");
        }
    }

    #[test]
    fn every_value_comes_back() {
        let light = Light::new();
        for value in 0..=255 {
            assert_eq!(light.encoded(light.linear(value)), value);
        }
    }

    #[test]
    fn what_is_no_light_is_black_or_white() {
        let light = Light::new();
        for (number, expected) in [(-0.1, 0), (f32::NAN, 0), (1.1, 255), (f32::INFINITY, 255)] {
            assert_eq!(light.encoded(number), expected, "{number}");
        }
    }
}

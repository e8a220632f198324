//! From the colours of a picture's profile to sRGB.

use std::fmt;
use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};
use raster::Channels;

/// A way to sRGB.
pub(super) struct ToSrgb(Way);

enum Way {
    Colors(Arc<Transform8BitExecutor>),
    /// A colour for each grey.
    Greys(Box<[[u8; 3]; 256]>),
}

impl fmt::Debug for ToSrgb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ToSrgb")
    }
}

impl ToSrgb {
    /// From what `profile` (ICC) describes, for pixels of `channels`. None where nothing is to be done: the colours are those of
    /// sRGB, or nobody knows, for the profile is damaged or none of red, green and blue or of grey.
    pub(super) fn of(profile: &[u8], channels: Channels) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        let srgb = ColorProfile::new_srgb();
        let options = TransformOptions::default();
        if profile.color_space == DataColorSpace::Gray {
            let way = profile.create_transform_8bit(Layout::Gray, &srgb, Layout::Rgb, options).ok()?;
            let greys: Vec<u8> = (0..=255).collect();
            let mut colors = [[0; 3]; 256];
            way.transform(&greys, colors.as_flattened_mut()).ok()?;
            return Some(Self(Way::Greys(Box::new(colors)))).filter(|way| !way.changes_nothing(channels));
        }
        if profile.color_space != DataColorSpace::Rgb {
            return None;
        }
        let layout = match channels {
            Channels::Rgb => Layout::Rgb,
            Channels::Rgba => Layout::Rgba,
        };
        let way = profile.create_transform_8bit(layout, &srgb, layout, options).ok()?;
        Some(Self(Way::Colors(way))).filter(|way| !way.changes_nothing(channels))
    }

    /// Whether some colours all over the cube stay what they are.
    fn changes_nothing(&self, channels: Channels) -> bool {
        let is_grey = matches!(self.0, Way::Greys(_));
        let step = |number: usize| [0_u8, 20, 64, 128, 192, 255].get(number % 6).copied().unwrap_or(0);
        let colors = (0..6 * 6 * 6).map(|number| [step(number), step(number / 6), step(number / 36), 255]);
        let colors = colors.filter(|[red, green, blue, _]| !is_grey || red == green && green == blue);
        let before: Vec<u8> = colors.flat_map(|color| color.into_iter().take(channels.bytes())).collect();
        let mut after = vec![0; before.len()];
        self.apply(&before, &mut after, channels);
        before.iter().zip(&after).all(|(before, after)| before.abs_diff(*after) <= 1)
    }

    /// Writes the row's colours in sRGB to `out`, which is as long.
    pub(super) fn apply(&self, row: &[u8], out: &mut [u8], channels: Channels) {
        match &self.0 {
            // Both are whole pixels and of the same length, which is all that it asks for.
            Way::Colors(way) => {
                if way.transform(row, out).is_err() {
                    out.copy_from_slice(row);
                }
            }
            Way::Greys(colors) => {
                let pixels = row.chunks_exact(channels.bytes()).zip(out.chunks_exact_mut(channels.bytes()));
                for (pixel, out) in pixels {
                    out.copy_from_slice(pixel);
                    let color = pixel.first().and_then(|grey| colors.get(usize::from(*grey)));
                    for (out, value) in out.iter_mut().zip(color.into_iter().flatten()) {
                        *out = *value;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(profile: &ColorProfile, color: &[u8]) -> Option<Vec<u8>> {
        let channels = if color.len() == 4 { Channels::Rgba } else { Channels::Rgb };
        let way = ToSrgb::of(&profile.encode().unwrap(), channels)?;
        let mut out = vec![0; color.len()];
        way.apply(color, &mut out, channels);
        Some(out)
    }

    #[track_caller]
    fn assert_near(found: Option<Vec<u8>>, expected: &[u8]) {
        let found = found.unwrap();
        let is_near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(*expected) <= 1);
        assert!(is_near && found.len() == expected.len(), "{found:?}, expected {expected:?}");
    }

    /// Expected is what comes of the primaries and curves in double precision.
    #[test]
    fn wide_colours_become_those_of_srgb() {
        let p3 = ColorProfile::new_display_p3();
        assert_near(converted(&p3, &[128, 64, 32]), &[138, 59, 21]);
        assert_near(converted(&p3, &[128, 64, 32, 77]), &[138, 59, 21, 77]);
        assert_near(converted(&p3, &[200, 200, 200]), &[200, 200, 200]);
        let adobe = ColorProfile::new_adobe_rgb();
        assert_near(converted(&adobe, &[128, 64, 32]), &[146, 62, 23]);
    }

    #[test]
    fn srgb_is_left_as_it_is() {
        assert!(ToSrgb::of(&ColorProfile::new_srgb().encode().unwrap(), Channels::Rgb).is_none());
    }

    #[test]
    fn greys_of_another_curve_become_those_of_srgb() {
        let linear = ColorProfile::new_gray_with_gamma(1.0);
        assert_near(converted(&linear, &[55, 55, 55]), &[128, 128, 128]);
    }

    #[test]
    fn what_is_no_profile_changes_nothing() {
        let sound = ColorProfile::new_display_p3().encode().unwrap();
        for end in [0, 1, 127, 128, 132, 200] {
            assert!(ToSrgb::of(&sound[..end], Channels::Rgb).is_none(), "{end}");
        }
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 0xFF;
            if let Some(way) = ToSrgb::of(&damaged, Channels::Rgb) {
                way.apply(&[1, 2, 3], &mut [0; 3], Channels::Rgb);
            }
        }
    }
}

//! What the network says of a part of the picture: how likely each of its squares shows a person.

use crate::image::Region;

/// Pixels across and down that the network takes and gives.
pub const SIDE: usize = 256;

/// Probabilities of [`SIDE`] × [`SIDE`] equal parts of a region, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    region: Region,
    values: Vec<f32>,
}

impl Mask {
    /// None unless there is a value for each part.
    pub fn new(region: Region, values: Vec<f32>) -> Option<Self> {
        (values.len() == SIDE * SIDE).then_some(Self { region, values })
    }

    /// What it is of.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The probabilities, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Pixels of the picture that are more likely than not a person's.
    pub fn area(&self) -> f64 {
        let inside = self.values.iter().filter(|value| **value > 0.5).count();
        inside as f64 / (SIDE * SIDE) as f64 * self.region.area() as f64
    }

    /// The probabilities for squares of `factor` × `factor` pixels of the whole picture, `width` × `height` of them: between the values
    /// around, and 0 outside of the region.
    pub fn spread(&self, width: usize, height: usize, factor: usize) -> Vec<f32> {
        let across = places(width, factor, self.region.left, self.region.width());
        let down = places(height, factor, self.region.top, self.region.height());
        let mut spread = Vec::with_capacity(width * height);
        for row in down {
            let Some((top, below)) = row else {
                spread.resize(spread.len() + width, 0.0);
                continue;
            };
            let upper = &self.values[top * SIDE..][..SIDE];
            let lower = &self.values[(top + 1).min(SIDE - 1) * SIDE..][..SIDE];
            spread.extend(across.iter().map(|column| {
                let Some((left, beside)) = *column else { return 0.0 };
                let right = (left + 1).min(SIDE - 1);
                let above = upper[left] + (upper[right] - upper[left]) * beside;
                let under = lower[left] + (lower[right] - lower[left]) * beside;
                above + (under - above) * below
            }));
        }
        spread
    }
}

/// For each square along one side: the value before its middle, and how far it is towards the next. None outside of the region.
fn places(count: usize, factor: usize, start: usize, length: usize) -> Vec<Option<(usize, f32)>> {
    // In halves of pixels, and then in parts of a value: whole numbers alone (docs/functions.md says why).
    let parts = 2 * length;
    (0..count)
        .map(|index| {
            let within =
                (2 * index * factor + factor).checked_sub(2 * start).filter(|within| *within <= parts)?;
            let place = (within * SIDE).saturating_sub(length).min((SIDE - 1) * parts);
            Some((place / parts, (place % parts) as f32 / parts as f32))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_of_the_whole_picture_is_spread_over_all_of_it() {
        let values = (0..SIDE * SIDE).map(|index| (index % SIDE) as f32 / 255.0).collect();
        let mask = Mask::new(Region { left: 0, top: 0, right: 512, bottom: 256 }, values).unwrap();
        let spread = mask.spread(128, 64, 4);
        assert_eq!(spread.len(), 128 * 64);
        for (x, value) in spread[64 * 128 / 2..][..128].iter().enumerate() {
            let expected = ((x as f32 * 4.0 + 2.0) / 2.0 - 0.5) / 255.0;
            assert!((value - expected).abs() < 1e-4, "{x}: {value}, expected {expected}");
        }
    }

    #[test]
    fn outside_of_its_region_nobody_is() {
        let mask =
            Mask::new(Region { left: 40, top: 20, right: 60, bottom: 60 }, vec![1.0; SIDE * SIDE]).unwrap();
        let spread = mask.spread(10, 10, 10);
        let inside: Vec<_> = (0..100).filter(|index| spread[*index] > 0.0).collect();
        assert_eq!(inside, [24, 25, 34, 35, 44, 45, 54, 55]);
        assert_eq!(mask.area(), 800.0);
    }

    #[test]
    fn a_mask_has_a_value_for_each_part() {
        assert_eq!(Mask::new(Region { left: 0, top: 0, right: 1, bottom: 1 }, vec![0.0; 5]), None);
    }
}

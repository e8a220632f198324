//! Step 5: the person's own colours. At an edge, a pixel has some of the background's colour; left in, it is a halo before any other
//! background. The estimate is that of Forte ("Approximate Fast Foreground Colour Estimation", 2021): means of the person's and of the background's
//! colours around, and then whatever makes both together the pixel that is there. It is done twice, with a large box and a small one.

use wide::f32x4;

use crate::box_mean::box_mean;
use crate::reduced::Reduced;

/// The boxes: these parts of the longer side, in each direction.
const RADIUS_SHARES: [usize; 2] = [20, 150];
/// Keeps from dividing by nothing where there is only a person, or only background.
const LEAST_WEIGHT: f32 = 1e-4;

/// The person's and the background's colours around each pixel of the reduced picture, from 0 to 1.
#[derive(Clone, Debug)]
pub struct Colours {
    /// The person's.
    pub person: Vec<f32x4>,
    /// The background's.
    pub background: Vec<f32x4>,
}

impl Colours {
    /// From the reduced picture and the alpha of its pixels.
    pub fn of(picture: &Reduced, alpha: &[f32]) -> Self {
        let mut person = picture.pixels.clone();
        let mut background = picture.pixels.clone();
        for share in RADIUS_SHARES {
            let radius = (picture.width.max(picture.height) / share).max(1);
            let mean = |colours: &[f32x4], is_person: bool| {
                weighted_mean(picture, colours, alpha, is_person, radius)
            };
            let around = Self { person: mean(&person, true), background: mean(&background, false) };
            for (at, alpha) in alpha.iter().enumerate() {
                person[at] = around.person_at(at, picture.pixels[at], *alpha);
            }
            (background, person) = if share == RADIUS_SHARES[1] {
                (around.background, around.person)
            } else {
                (around.background, person)
            };
        }
        Self { person, background }
    }

    fn person_at(&self, at: usize, pixel: f32x4, alpha: f32) -> f32x4 {
        person_colour(pixel, alpha, self.person[at], self.background[at])
    }
}

/// The person's colour in a pixel, where these are the colours around. It may be a little below 0 or above 1.
#[inline]
pub fn person_colour(pixel: f32x4, alpha: f32, person: f32x4, background: f32x4) -> f32x4 {
    let (weight, other) = (f32x4::splat(alpha), f32x4::splat(1.0 - alpha));
    person + weight * (pixel - weight * person - other * background)
}

/// The mean of the colours around each pixel, weighted by how much they are of the person, or of the background.
fn weighted_mean(
    picture: &Reduced,
    colours: &[f32x4],
    alpha: &[f32],
    is_person: bool,
    radius: usize,
) -> Vec<f32x4> {
    let weighted = colours.iter().zip(alpha).map(|(colour, alpha)| {
        let weight = if is_person { *alpha } else { 1.0 - *alpha };
        weighted_colour(*colour, weight)
    });
    let sums = box_mean(&weighted.collect::<Vec<_>>(), picture.width, picture.height, radius);
    let means = sums.iter().zip(colours).map(|(sum, colour)| mean_colour(*sum).unwrap_or(*colour));
    means.collect()
}

/// A colour with its weight as the fourth part, so that one mean is of both.
pub(crate) fn weighted_colour(colour: f32x4, weight: f32) -> f32x4 {
    let [red, green, blue, _] = colour.to_array();
    f32x4::new([red, green, blue, 1.0]) * f32x4::splat(weight)
}

/// The colour that such a mean stands for; None where no weight is.
pub(crate) fn mean_colour(sum: f32x4) -> Option<f32x4> {
    let [red, green, blue, weight] = sum.to_array();
    (weight > LEAST_WEIGHT).then(|| f32x4::new([red, green, blue, 0.0]) * f32x4::splat(1.0 / weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: [f32; 4] = [0.8, 0.3, 0.2, 0.0];
    const BACKGROUND: [f32; 4] = [0.1, 0.9, 0.4, 0.0];

    /// A person on the left, background on the right, mixed in between.
    fn scene() -> (Reduced, Vec<f32>) {
        let alpha: Vec<f32> = (0..400 * 20)
            .map(|index| (1.0 - ((index % 400) as f32 - 195.0) / 10.0).clamp(0.0, 1.0))
            .collect();
        let pixels = alpha.iter().map(|alpha| {
            f32x4::new(PERSON) * f32x4::splat(*alpha) + f32x4::new(BACKGROUND) * f32x4::splat(1.0 - alpha)
        });
        (Reduced { width: 400, height: 20, factor: 1, pixels: pixels.collect() }, alpha)
    }

    #[test]
    fn mixed_pixels_get_the_persons_colour_back() {
        let (picture, alpha) = scene();
        let colours = Colours::of(&picture, &alpha);
        for at in (0..alpha.len()).filter(|at| alpha[*at] > 0.05) {
            let found = colours.person_at(at, picture.pixels[at], alpha[at]).to_array();
            for (found, expected) in found.into_iter().zip(PERSON) {
                assert!((found - expected).abs() < 0.08, "alpha {}: {found}, expected {expected}", alpha[at]);
            }
        }
    }

    #[test]
    fn colour_and_background_together_are_the_pixel() {
        let (picture, alpha) = scene();
        let colours = Colours::of(&picture, &alpha);
        for at in (0..alpha.len()).filter(|at| alpha[*at] == 1.0) {
            let found = colours.person_at(at, picture.pixels[at], 1.0).to_array();
            for (found, expected) in found.into_iter().zip(picture.pixels[at].to_array()) {
                assert!((found - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn where_there_is_no_person_near_the_colour_is_a_number_all_the_same() {
        let (picture, _) = scene();
        for value in [0.0, 1.0] {
            let colours = Colours::of(&picture, &vec![value; picture.pixels.len()]);
            let all = colours.person.iter().chain(&colours.background);
            assert!(all.flat_map(|colour| colour.to_array()).all(|part| (-0.1..=1.1).contains(&part)));
        }
    }
}

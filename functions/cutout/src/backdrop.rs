//! Step 6, for `background=blur`: the background out of focus. Pixels of the person have no weight in it, so the person's colours do not
//! bleed into the background around.

use wide::f32x4;

use crate::box_mean::box_mean;
use crate::foreground::{mean_colour, weighted_colour};
use crate::reduced::Reduced;

/// The blur's box: this part of the longer side, in each direction. It is applied three times, which is nearly a Gaussian blur.
const RADIUS_SHARE: usize = 40;
const TIMES: usize = 3;
/// Pixels with more of the person than this have no weight at all.
const MOST_OF_THE_PERSON: f32 = 0.02;

/// The blurred background, for each pixel of the reduced picture, from 0 to 1; also behind the person.
pub fn blurred(picture: &Reduced, alpha: &[f32]) -> Vec<f32x4> {
    let (width, height) = (picture.width, picture.height);
    let near = picture.pixels.iter().zip(person_near(picture, alpha));
    let mut sums: Vec<f32x4> =
        near.map(|(pixel, is_near)| weighted_colour(*pixel, if is_near { 0.0 } else { 1.0 })).collect();
    let radius = (width.max(height) / RADIUS_SHARE).max(1);
    for _ in 0..TIMES {
        sums = box_mean(&sums, width, height, radius);
    }
    // Deep behind the person nothing is within reach: there, ever larger boxes fill what is left.
    let mut colours: Vec<Option<f32x4>> = sums.iter().map(|sum| mean_colour(*sum)).collect();
    let mut reach = radius * 4;
    while reach < width + height && colours.iter().any(Option::is_none) {
        sums = box_mean(&sums, width, height, reach);
        for (colour, sum) in colours.iter_mut().zip(&sums) {
            *colour = colour.or_else(|| mean_colour(*sum));
        }
        reach *= 2;
    }
    colours.into_iter().zip(&picture.pixels).map(|(colour, pixel)| colour.unwrap_or(*pixel)).collect()
}

/// Whether a pixel, or one beside it, shows some of the person.
fn person_near(picture: &Reduced, alpha: &[f32]) -> Vec<bool> {
    let alpha: Vec<f32x4> = alpha.iter().map(|alpha| f32x4::splat(*alpha)).collect();
    let around = box_mean(&alpha, picture.width, picture.height, 1);
    around.iter().map(|alpha| alpha.to_array()[0] > MOST_OF_THE_PERSON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_persons_colours_do_not_bleed() {
        // A red square on blue and green stripes.
        let is_person = |x: usize, y: usize| (30..70).contains(&x) && (20..50).contains(&y);
        let places: Vec<(usize, usize)> = (0..80).flat_map(|y| (0..100).map(move |x| (x, y))).collect();
        let colour = |(x, y): &(usize, usize)| match (is_person(*x, *y), x % 2) {
            (true, _) => [1.0, 0.0, 0.0, 0.0],
            (false, 0) => [0.0, 1.0, 0.0, 0.0],
            (false, _) => [0.0, 0.0, 1.0, 0.0],
        };
        let pixels = places.iter().map(|place| f32x4::new(colour(place))).collect();
        let picture = Reduced { width: 100, height: 80, factor: 1, pixels };
        let alpha: Vec<f32> = places.iter().map(|(x, y)| f32::from(u8::from(is_person(*x, *y)))).collect();
        for ((x, y), colour) in places.iter().zip(blurred(&picture, &alpha)) {
            let [red, green, blue, _] = colour.to_array();
            assert!(red < 0.01, "{x}, {y}: {red}");
            assert!((green + blue - 1.0).abs() < 0.02, "{x}, {y}: {green}, {blue}");
        }
    }

    #[test]
    fn a_picture_full_of_a_person_is_no_division_by_nothing() {
        let picture = Reduced { width: 9, height: 7, factor: 1, pixels: vec![f32x4::splat(0.5); 63] };
        let blurred = blurred(&picture, &[1.0; 63]);
        assert!(blurred.iter().flat_map(|colour| colour.to_array()).all(|part| part == 0.5));
    }
}

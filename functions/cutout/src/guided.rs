//! Step 4: edges where the photo has them, by the guided filter (He, Sun, Tang: "Guided Image Filtering", 2010, with colours; and
//! "Fast Guided Filter", 2015: worked out on the picture made smaller, applied to the picture).
//!
//! Around each place, alpha is taken to be a linear function of the colour: `a · colour + b`. `a` and `b` are those that come nearest
//! to the network's mask in a box, so alpha changes where colours do.

use wide::f32x4;

use crate::box_mean::box_mean;
use crate::reduced::Reduced;

/// The box: this part of the longer side, in each direction. The network's edges are off by less.
const RADIUS_SHARE: usize = 60;
/// What counts as no difference of colours, squared: differences of about 1 in 60 are no edge.
const EPSILON: f32 = 2.5e-4;
/// Where the mask's mean over a box is this near to 0 or 1, there is no edge.
const FLAT: f32 = 1e-3;

/// How alpha follows from the colour, for each pixel of the reduced picture: factors of red, green and blue, and what is added.
#[derive(Clone, Debug)]
pub struct Guided {
    /// As many as the reduced picture has pixels.
    pub coefficients: Vec<f32x4>,
}

impl Guided {
    /// From the reduced picture, and how likely each of its pixels shows a person.
    pub fn of(picture: &Reduced, mask: &[f32]) -> Self {
        let (width, height) = (picture.width, picture.height);
        let radius = radius(picture);
        let mean = |values: Vec<f32x4>| box_mean(&values, width, height, radius);
        let products = |product: fn([f32; 3], f32) -> [f32; 4]| {
            let pixels = picture.pixels.iter().zip(mask);
            let pixels = pixels.map(|(pixel, value)| {
                let [red, green, blue, _] = pixel.to_array();
                f32x4::new(product([red, green, blue], *value))
            });
            mean(pixels.collect())
        };
        let means = products(|[red, green, blue], value| [red, green, blue, value]);
        let by_red = products(|[red, green, blue], value| [red * red, red * green, red * blue, red * value]);
        let by_green = products(|[_, green, blue], value| [green * green, green * blue, green * value, 0.0]);
        let by_blue = products(|[_, _, blue], value| [blue * blue, blue * value, 0.0, 0.0]);
        let windows = means.iter().zip(&by_red).zip(by_green.iter().zip(&by_blue));
        let linear = windows.map(|((mean, by_red), (by_green, by_blue))| {
            let [red, green, blue, value] = mean.to_array();
            if !(FLAT..=1.0 - FLAT).contains(&value) {
                return f32x4::new([0.0, 0.0, 0.0, value]);
            }
            let [rr, rg, rb, rv] = by_red.to_array();
            let [gg, gb, gv, _] = by_green.to_array();
            let [bb, bv, ..] = by_blue.to_array();
            let variances = [
                [rr - red * red + EPSILON, rg - red * green, rb - red * blue],
                [rg - red * green, gg - green * green + EPSILON, gb - green * blue],
                [rb - red * blue, gb - green * blue, bb - blue * blue + EPSILON],
            ];
            let [of_red, of_green, of_blue] =
                solve(&variances, [rv - red * value, gv - green * value, bv - blue * value]);
            let rest = value - of_red * red - of_green * green - of_blue * blue;
            f32x4::new([of_red, of_green, of_blue, rest])
        });
        Self { coefficients: mean(linear.collect()) }
    }

    /// Alpha of each pixel of the reduced picture, from 0 to 1.
    pub fn alpha(&self, picture: &Reduced) -> Vec<f32> {
        self.coefficients.iter().zip(&picture.pixels).map(|(linear, pixel)| alpha(*linear, *pixel)).collect()
    }
}

/// The filter's box, in pixels of the reduced picture.
pub fn radius(picture: &Reduced) -> usize {
    (picture.width.max(picture.height) / RADIUS_SHARE).max(1)
}

/// Below this a pixel is no person's, above the other one wholly a person's: takes away the veil that the filter leaves where the
/// background has a person's colours, and the other way round.
const CLEAR: f32 = 0.1;
const SOLID: f32 = 0.9;

/// Alpha of a colour (its fourth part is ignored), from 0 to 1.
#[inline]
pub fn alpha(linear: f32x4, colour: f32x4) -> f32 {
    let [red, green, blue, _] = (linear * colour).to_array();
    stretched(red + green + blue + linear.to_array()[3])
}

#[inline]
#[expect(
    clippy::manual_clamp,
    reason = "WasmEdge's compiler can't use what clamp becomes (docs/functions.md)"
)]
fn stretched(alpha: f32) -> f32 {
    let alpha = (alpha - CLEAR) * (1.0 / (SOLID - CLEAR));
    if alpha <= 0.0 {
        0.0
    } else if alpha >= 1.0 {
        1.0
    } else {
        alpha
    }
}

/// What alpha any colour has there, at least and at most.
pub fn alpha_bounds(linear: f32x4) -> (f32, f32) {
    let [red, green, blue, rest] = linear.to_array();
    let (mut least, mut most) = (rest, rest);
    for factor in [red, green, blue] {
        if factor < 0.0 { least += factor } else { most += factor }
    }
    (stretched(least), stretched(most))
}

/// The solution of a symmetric system of three equations, by Cramer's rule. What is added to its diagonal keeps it from being singular.
fn solve(matrix: &[[f32; 3]; 3], right: [f32; 3]) -> [f32; 3] {
    let [[xx, xy, xz], [_, yy, yz], [.., zz]] = *matrix;
    let minors = [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy];
    let (middle, outer, last) = (xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy);
    let scale = 1.0 / (xx * minors[0] + xy * minors[1] + xz * minors[2]);
    let [x, y, z] = right;
    [
        (minors[0] * x + minors[1] * y + minors[2] * z) * scale,
        (minors[1] * x + middle * y + outer * z) * scale,
        (minors[2] * x + outer * y + last * z) * scale,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A red half beside a blue one.
    fn halves(width: usize, height: usize, edge: usize) -> Reduced {
        let pixels = (0..width * height).map(|index| {
            f32x4::new(if index % width < edge { [0.8, 0.2, 0.1, 0.0] } else { [0.1, 0.2, 0.7, 0.0] })
        });
        Reduced { width, height, factor: 1, pixels: pixels.collect() }
    }

    #[test]
    fn a_blurred_mask_gets_the_edge_of_the_colours() {
        let picture = halves(240, 40, 100);
        // Off by two pixels, and six wide.
        let value = |x: usize| ((x as f32 - 99.0) / 6.0).clamp(0.0, 1.0);
        let mask: Vec<f32> = (0..240 * 40).map(|index| value(index % 240)).collect();
        let alpha = Guided::of(&picture, &mask).alpha(&picture);
        let row = &alpha[20 * 240..][..240];
        assert!(row[..100].iter().all(|alpha| *alpha < 0.2), "{:?}", &row[90..110]);
        assert!(row[100..].iter().all(|alpha| *alpha > 0.4), "{:?}", &row[90..110]);
        assert!(row[..92].iter().all(|alpha| *alpha == 0.0) && row[108..].iter().all(|alpha| *alpha == 1.0));
    }

    #[test]
    fn nobody_stays_nobody_and_everybody_everybody() {
        let picture = halves(64, 64, 20);
        for value in [0.0, 1.0] {
            let alpha = Guided::of(&picture, &vec![value; 64 * 64]).alpha(&picture);
            assert!(alpha.iter().all(|alpha| *alpha == value));
        }
    }

    proptest! {
        #[test]
        fn the_solution_solves_the_equations(values in proptest::array::uniform6(-1.0_f32..1.0), right in proptest::array::uniform3(-1.0_f32..1.0)) {
            let [a, b, c, d, e, f] = values;
            // The square of a matrix, with something on the diagonal, is positive definite.
            let rows = [[a, b, c], [b, d, e], [c, e, f]];
            let mut matrix = [[0.0; 3]; 3];
            for row in 0..3 {
                for column in 0..3 {
                    matrix[row][column] = (0..3).map(|at| rows[row][at] * rows[at][column]).sum::<f32>();
                }
                matrix[row][row] += 0.1;
            }
            let solution = solve(&matrix, right);
            for (row, right) in matrix.iter().zip(right) {
                let left: f32 = row.iter().zip(solution).map(|(factor, value)| factor * value).sum();
                prop_assert!((left - right).abs() < 1e-2, "{left} for {right}");
            }
        }

        #[test]
        fn no_colour_leaves_the_bounds(linear in proptest::array::uniform4(-2.0_f32..2.0), colour in proptest::array::uniform3(0.0_f32..1.0)) {
            let (linear, [red, green, blue]) = (f32x4::new(linear), colour);
            let (least, most) = alpha_bounds(linear);
            let alpha = alpha(linear, f32x4::new([red, green, blue, 0.0]));
            prop_assert!(least <= alpha + 1e-5 && alpha <= most + 1e-5);
        }
    }
}

//! Step 3: whether what was found is a person. The network of step 2 marks whatever stands out as people do: cats and parrots, too. People
//! have faces; MediaPipe's face detection is asked for one.

use wide::f32x4;

use crate::image::{Image, Region};
use crate::mask::Mask;
use crate::persons::{Blob, in_picture};
use crate::stretch;

/// Pixels across and down that the network takes.
pub const SIDE: usize = 192;

/// A face is there where the network is this sure. Faces of the photos that it was tried on got 0.77 to 0.94, animals up to 0.54.
const SURE: f32 = 0.65;
/// So many of the largest parts are looked at by themselves.
const MOST_BLOBS: usize = 3;
/// How much more than a part is looked at on each side, per cent.
const MARGIN: usize = 15;

/// The parts of the picture to look at, one after the other until a face is found: all that stands out, then the upper ends of its largest
/// parts, where faces are larger.
pub fn places(image: &Image, mask: &Mask, bounds: &Region, blobs: &[Blob]) -> Vec<Region> {
    let whole = image.whole();
    let upper = blobs.iter().take(MOST_BLOBS).map(|blob| {
        let blob = in_picture(mask, &blob.bounds);
        let height = blob.width().max(blob.height() / 2).min(blob.height());
        Region { bottom: blob.top + height, ..blob }
    });
    std::iter::once(*bounds).chain(upper).map(|region| region.widened(MARGIN, &whole)).collect()
}

/// The network's input for a part of the picture, row by row: red, green and blue from −1 to 1. The part keeps its shape, and black is
/// beside it.
pub fn tensor(image: &Image, region: &Region) -> Vec<f32> {
    let longer = region.width().max(region.height());
    let inner = |length: usize| (length * SIDE / longer).max(1);
    let (width, height) = (inner(region.width()), inner(region.height()));
    let part = stretch::part(image, region, width.max(height));
    let pixels = stretch::stretched(&part, width, height);
    let (left, top) = ((SIDE - width) / 2, (SIDE - height) / 2);
    let mut tensor = vec![-1.0; SIDE * SIDE * 3];
    for (y, row) in pixels.chunks_exact(width).enumerate() {
        let target = &mut tensor[((top + y) * SIDE + left) * 3..][..width * 3];
        for (target, pixel) in target.chunks_exact_mut(3).zip(row) {
            let parts = (*pixel * f32x4::splat(2.0) - f32x4::ONE).to_array();
            target.copy_from_slice(&parts[..3]);
        }
    }
    tensor
}

/// Whether one of the network's scores says that there is a face. They are logits.
pub fn is_face(scores: &[f32]) -> bool {
    // The logit of SURE.
    let least = (SURE / (1.0 - SURE)).ln();
    scores.iter().any(|score| *score > least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_keeps_its_shape_with_black_beside_it() {
        let image = Image::new(100, 50, [255, 0, 255].repeat(5000)).unwrap();
        let tensor = tensor(&image, &image.whole());
        assert_eq!(tensor.len(), SIDE * SIDE * 3);
        let pixel =
            |x: usize, y: usize| [0, 1, 2].map(|channel| tensor[(y * SIDE + x) * 3 + channel].round());
        assert_eq!(
            [pixel(0, 47), pixel(0, 48), pixel(191, 143), pixel(191, 144)],
            [[-1.0; 3], [1.0, -1.0, 1.0], [1.0, -1.0, 1.0], [-1.0; 3]]
        );
    }

    #[test]
    fn one_sure_score_is_a_face() {
        assert!(
            is_face(&[-9.0, 0.7, -3.0]) && !is_face(&[-9.0, 0.55]) && !is_face(&[]) && !is_face(&[f32::NAN])
        );
    }

    #[test]
    fn the_upper_end_of_each_part_is_looked_at() {
        let image = Image::new(256, 256, vec![0; 256 * 256 * 3]).unwrap();
        let mask = Mask::new(image.whole(), vec![0.0; 256 * 256]).unwrap();
        let bounds = Region { left: 20, top: 20, right: 60, bottom: 220 };
        let blobs = [Blob { area: 8000, bounds }];
        assert_eq!(
            places(&image, &mask, &bounds, &blobs),
            [
                Region { left: 14, top: 0, right: 66, bottom: 250 },
                Region { left: 14, top: 5, right: 66, bottom: 135 },
            ]
        );
    }
}

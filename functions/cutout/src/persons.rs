//! Step 2: where in the mask somebody is: the box around all that is large enough to be a person.

use crate::image::Region;
use crate::mask::{Mask, SIDE};

/// A person is more likely than not.
const LIKELY: f32 = 0.5;
/// Parts of the mask that a person has at least: 1 in 250, or 16 × 16.
const LEAST_AREA: usize = SIDE * SIDE / 256;
/// What is smaller than this share of the largest part is a speck of something else.
const LEAST_SHARE: usize = 10;

/// One connected part of the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its squares.
    pub area: usize,
    /// The box around it, in squares of the mask.
    pub bounds: Region,
}

/// The parts that may be people, the largest first; none where nobody is.
pub fn blobs(mask: &Mask) -> Vec<Blob> {
    let mut is_left: Vec<bool> = mask.values().iter().map(|value| *value > LIKELY).collect();
    let mut blobs = Vec::new();
    let mut stack = Vec::new();
    for start in 0..is_left.len() {
        if !is_left[start] {
            continue;
        }
        let (x, y) = (start % SIDE, start / SIDE);
        let mut blob = Blob { area: 0, bounds: Region { left: x, top: y, right: x + 1, bottom: y + 1 } };
        is_left[start] = false;
        stack.push(start);
        while let Some(at) = stack.pop() {
            let (x, y) = (at % SIDE, at / SIDE);
            blob.area += 1;
            let bounds = &mut blob.bounds;
            (bounds.left, bounds.right) = (bounds.left.min(x), bounds.right.max(x + 1));
            (bounds.top, bounds.bottom) = (bounds.top.min(y), bounds.bottom.max(y + 1));
            let beside = [(x > 0, at.wrapping_sub(1)), (x + 1 < SIDE, at + 1)];
            let over = [(y > 0, at.wrapping_sub(SIDE)), (y + 1 < SIDE, at + SIDE)];
            for (_, next) in beside.into_iter().chain(over).filter(|(is_inside, _)| *is_inside) {
                if std::mem::take(&mut is_left[next]) {
                    stack.push(next);
                }
            }
        }
        blobs.push(blob);
    }
    blobs.sort_by_key(|blob| std::cmp::Reverse(blob.area));
    let least = blobs.first().map_or(0, |largest| largest.area / LEAST_SHARE).max(LEAST_AREA);
    blobs.retain(|blob| blob.area >= least);
    blobs
}

/// The part of the picture that these are in; None where there are none.
pub fn bounds(mask: &Mask, blobs: &[Blob]) -> Option<Region> {
    let all = blobs.iter().map(|blob| blob.bounds).reduce(|all, one| Region {
        left: all.left.min(one.left),
        top: all.top.min(one.top),
        right: all.right.max(one.right),
        bottom: all.bottom.max(one.bottom),
    })?;
    Some(in_picture(mask, &all))
}

/// A part of the mask as a part of the picture.
pub fn in_picture(mask: &Mask, squares: &Region) -> Region {
    let region = mask.region();
    let across = |column: usize| region.left + column * region.width() / SIDE;
    let down = |row: usize| region.top + row * region.height() / SIDE;
    let (left, top) = (across(squares.left), down(squares.top));
    Region {
        left,
        top,
        right: across(squares.right).max(left + 1),
        bottom: down(squares.bottom).max(top + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(parts: &[Region]) -> Mask {
        let mut values = vec![0.1; SIDE * SIDE];
        for part in parts {
            for y in part.top..part.bottom {
                values[y * SIDE..][part.left..part.right].fill(0.9);
            }
        }
        Mask::new(Region { left: 0, top: 0, right: 1024, bottom: 512 }, values).unwrap()
    }

    fn part(left: usize, top: usize, right: usize, bottom: usize) -> Region {
        Region { left, top, right, bottom }
    }

    #[test]
    fn the_box_is_around_all_that_is_large_enough() {
        let mask = mask(&[
            part(20, 40, 60, 140),
            part(100, 50, 130, 100),
            part(200, 200, 210, 230),
            part(0, 0, 3, 3),
        ]);
        let blobs = blobs(&mask);
        assert_eq!(blobs.iter().map(|blob| blob.area).collect::<Vec<_>>(), [4000, 1500]);
        assert_eq!(bounds(&mask, &blobs), Some(part(80, 80, 520, 280)));
    }

    #[test]
    fn specks_and_nothing_are_nobody() {
        for parts in [vec![], vec![part(5, 5, 20, 20)], vec![part(0, 0, 15, 17), part(15, 17, 30, 34)]] {
            let mask = mask(&parts);
            assert_eq!((blobs(&mask), bounds(&mask, &blobs(&mask))), (vec![], None), "{parts:?}");
        }
    }

    #[test]
    fn the_whole_mask_is_the_whole_picture() {
        let mask = mask(&[part(0, 0, SIDE, SIDE)]);
        assert_eq!(bounds(&mask, &blobs(&mask)), Some(*mask.region()));
    }
}

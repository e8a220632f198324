//! How large a thumbnail becomes, and what is cut off of it.

use kit::pictures::Described;

use crate::options::Fit;

/// One thumbnail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The size of the whole picture.
    pub stretched: (u32, u32),
    /// The corner and the size of what is taken of that.
    pub part: ((u32, u32), (u32, u32)),
}

/// The thumbnail of `size`, never larger than the picture.
pub fn plan(picture: &Described, size: u32, fit: Fit) -> Plan {
    match fit {
        Fit::Inside => {
            let stretched = picture.within(size);
            Plan { stretched, part: ((0, 0), stretched) }
        }
        Fit::Cover => {
            let (long, short) =
                (picture.width.max(picture.height).max(1), picture.width.min(picture.height).max(1));
            let side = size.clamp(1, short);
            let length = (u64::from(long) * u64::from(side) + u64::from(short) / 2) / u64::from(short);
            // At most `long`, for `side` is at most `short`.
            let length = u32::try_from(length).unwrap_or(long).max(side);
            let off = (length - side) / 2;
            let (stretched, corner) = if picture.width >= picture.height {
                ((length, side), (off, 0))
            } else {
                ((side, length), (0, off))
            };
            Plan { stretched, part: (corner, (side, side)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(width: u32, height: u32) -> Described {
        Described { width, height, has_alpha: false }
    }

    #[test]
    fn inside_is_all_of_it_in_proportion() {
        let expected = Plan { stretched: (160, 120), part: ((0, 0), (160, 120)) };
        assert_eq!(plan(&of(4000, 3000), 160, Fit::Inside), expected);
    }

    #[test]
    fn cover_is_a_square_out_of_the_middle() {
        let wide = Plan { stretched: (213, 160), part: ((26, 0), (160, 160)) };
        assert_eq!(plan(&of(4000, 3000), 160, Fit::Cover), wide);
        let tall = Plan { stretched: (160, 213), part: ((0, 26), (160, 160)) };
        assert_eq!(plan(&of(3000, 4000), 160, Fit::Cover), tall);
    }

    #[test]
    fn small_pictures_stay_as_they_are() {
        assert_eq!(plan(&of(100, 60), 160, Fit::Inside).stretched, (100, 60));
        assert_eq!(
            plan(&of(100, 60), 160, Fit::Cover),
            Plan { stretched: (100, 60), part: ((20, 0), (60, 60)) }
        );
    }

    proptest! {
        #[test]
        fn a_part_lies_within_and_nothing_is_enlarged(
            width in 1_u32..100_000, height in 1_u32..100_000, size in 1_u32..5000, covers in any::<bool>(),
        ) {
            let fit = if covers { Fit::Cover } else { Fit::Inside };
            let Plan { stretched, part: ((x, y), part) } = plan(&of(width, height), size, fit);
            prop_assert!(stretched.0 <= width && stretched.1 <= height);
            prop_assert!(part.0 > 0 && part.1 > 0 && x + part.0 <= stretched.0 && y + part.1 <= stretched.1);
            prop_assert!(part.0 <= size && part.1 <= size);
        }
    }
}

//! Whole numbers of floating-point ones, by what their bits mean: the instructions for it are among those that WasmEdge's native
//! code calls C's library for (see lib.rs).

/// Added to a smaller number, it leaves the whole part in the last bits: 2^52.
const WHOLES: f64 = 4_503_599_627_370_496.0;
const BITS_OF_WHOLES: u64 = (1 << 52) - 1;

/// The same in single precision: 2^23.
const SINGLE_WHOLES: f32 = 8_388_608.0;
const BITS_OF_SINGLE_WHOLES: u32 = (1 << 23) - 1;

/// The whole number at or below `number`, which is less than 2^31; 0 for what is negative or no number.
#[inline]
pub(crate) fn at_or_below(number: f64) -> usize {
    if !is_positive(number) {
        return 0;
    }
    // Not cut off, for numbers of pixels.
    let nearest = ((number + WHOLES).to_bits() & BITS_OF_WHOLES) as usize;
    if nearest as f64 > number { nearest - 1 } else { nearest }
}

fn is_positive(number: f64) -> bool {
    number > 0.0
}

/// The whole number nearest to `number`, from 0 to `most`, which is less than 2^22.
#[inline(always)]
pub(crate) fn nearest(number: f32, most: u16) -> usize {
    let most = f32::from(most);
    // Of what is no number neither is true.
    let bounded = if number > 0.0 { number } else { 0.0 };
    let bounded = if bounded < most { bounded } else { most };
    ((bounded + SINGLE_WHOLES).to_bits() & BITS_OF_SINGLE_WHOLES) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_whole_part_is_that_of_the_processor() {
        for number in
            [0.0, 0.2, 0.5, 0.999_999, 1.0, 1.5, 2.5, 1e6 + 0.75, 99_999_999.5, -0.5, -7.0, f64::NAN]
        {
            assert_eq!(at_or_below(number), number as usize, "{number}");
        }
    }

    proptest! {
        #[test]
        fn whole_parts_and_nearest_numbers_are_those_of_the_library(number in -1.0e5_f64..1.0e8) {
            prop_assert_eq!(at_or_below(number), number as usize);
            let single = number as f32;
            let expected = single.round_ties_even().clamp(0.0, 16_384.0) as usize;
            prop_assert_eq!(nearest(single, 16_384), expected);
            let small = single / 1e5;
            prop_assert_eq!(nearest(small, 255), small.round_ties_even().clamp(0.0, 255.0) as usize);
        }
    }
}

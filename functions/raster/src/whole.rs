//! Whole numbers of floating-point ones, by what their bits mean. The runtime is built for every x86-64, where rounding is a call
//! of C's library: too slow for every pixel.

/// Added to a smaller number, it leaves the nearest whole number in the last bits: 2^23.
const SINGLE_WHOLES: f32 = 8_388_608.0;
const BITS_OF_SINGLE_WHOLES: u32 = (1 << 23) - 1;

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

    proptest! {
        #[test]
        fn nearest_numbers_are_those_of_the_library(single in -1.0e5_f32..1.0e8) {
            let expected = single.round_ties_even().clamp(0.0, 16_384.0) as usize;
            prop_assert_eq!(nearest(single, 16_384), expected);
            let small = single / 1e5;
            prop_assert_eq!(nearest(small, 255), small.round_ties_even().clamp(0.0, 255.0) as usize);
        }
    }
}

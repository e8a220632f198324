//! Decodes the bulk of a long text, 16 digits at a time.
//!
//! It uses comparisons and additions of vectors, which every x86-64 has. Table look-ups, as in the crate base64, take three
//! times as long in the compiled function. The existing SIMD decoders look digits up by shuffling bytes, which native code
//! that has to do without SSSE3 does slowly.

use wide::{CmpEq, CmpGt, i8x16, i16x8, i32x4};

/// Digits of a block.
const DIGITS: usize = 16;
/// What they stand for.
const BYTES: usize = DIGITS / 4 * 3;

/// Decodes as many blocks as there are in a row at the start of `text` that hold digits of the standard alphabet and
/// nothing else; the rest is left.
pub(super) fn decode(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for block in text.chunks_exact(DIGITS) {
        let Some([low, high]) = block.try_into().ok().and_then(decode_block) else {
            break;
        };
        bytes.extend_from_slice(&(low | high << 48).to_le_bytes());
        bytes.extend_from_slice(&((high >> 16) as u32).to_le_bytes());
    }
    let rest = text.get(bytes.len() / BYTES * DIGITS..).unwrap_or_default();
    (bytes, rest)
}

/// The bytes of a block in two halves, the first byte lowest, the two highest zero; None if something in it is no digit.
fn decode_block(block: [u8; DIGITS]) -> Option<[u64; 2]> {
    let text: i8x16 = bytemuck::cast(block);
    let above = |byte: u8| text.cmp_gt(i8x16::splat(byte as i8));
    let is = |byte: u8| text.cmp_eq(i8x16::splat(byte as i8));
    // Each of these is -1, all bits set, where it holds; a letter is also above the digits, a small one above all.
    let (from_zero, from_upper, from_lower) = (above(b'0' - 1), above(b'A' - 1), above(b'a' - 1));
    let (plus, slash) = (is(b'+'), is(b'/'));
    let sum = |of_zero: i8, of_upper: i8, of_lower: i8, of_plus: i8, of_slash: i8| {
        (from_zero & i8x16::splat(of_zero))
            + (from_upper & i8x16::splat(of_upper - of_zero))
            + (from_lower & i8x16::splat(of_lower - of_upper))
            + (plus & i8x16::splat(of_plus))
            + (slash & i8x16::splat(of_slash))
    };
    // From the character to its value, by kind; and the largest value of the kind.
    let values = text + sum(52 - 48, -65, 26 - 97, 62 - 43, 63 - 47);
    let largest = sum(61, 25, 51, 62, 63);
    let wrong = values.cmp_gt(largest) | !(from_zero | plus | slash);
    (!wrong.any()).then(|| packed(values))
}

/// Values of 6 bits to bytes.
fn packed(values: i8x16) -> [u64; 2] {
    let pairs: i16x8 = bytemuck::cast(values);
    let pairs_of_12_bits = ((pairs << 6_i32) & i16x8::splat(63 << 6)) | (pairs >> 8_i32);
    let pairs: i32x4 = bytemuck::cast(pairs_of_12_bits);
    let fours_of_24_bits = ((pairs & i32x4::splat(0xFFF)) << 12_i32) | (pairs >> 16_i32);
    // The first byte of each is the highest of the three, and is to be the lowest.
    let ordered: i32x4 = (fours_of_24_bits >> 16_i32)
        | (fours_of_24_bits & i32x4::splat(0xFF00))
        | ((fours_of_24_bits & i32x4::splat(0xFF)) << 16_i32);
    let halves: [u64; 2] = bytemuck::cast(ordered);
    halves.map(|half| (half & 0xFF_FFFF) | (half >> 32 << 24))
}

#[cfg(test)]
mod tests {
    use ::base64::prelude::{BASE64_STANDARD, Engine as _};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_is_a_digit_or_ends_the_blocks() {
        for byte in 0..=u8::MAX {
            for place in 0..DIGITS {
                let mut block = [b'A'; DIGITS];
                block[place] = byte;
                let is_digit = byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
                assert_eq!(decode_block(block).is_some(), is_digit, "{byte} at {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_decode_as_the_crate_decodes_them_and_the_rest_is_left(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let text = BASE64_STANDARD.encode(&bytes);
            let (decoded, rest) = decode(text.as_bytes());
            prop_assert_eq!(&decoded[..], &bytes[..decoded.len()]);
            prop_assert_eq!(BASE64_STANDARD.decode(rest).unwrap(), &bytes[decoded.len()..]);
            prop_assert!(rest.len() < 2 * DIGITS);
        }

        #[test]
        fn what_is_no_digit_is_left_with_all_behind_it(text in "[A-Za-z0-9+/]{0,60}", wrong in any::<char>()) {
            let whole = format!("{text}{wrong}{text}");
            let (decoded, rest) = decode(whole.as_bytes());
            prop_assert_eq!(decoded.len() % BYTES, 0);
            prop_assert_eq!(rest, &whole.as_bytes()[decoded.len() / BYTES * DIGITS..]);
            prop_assert!(wrong.is_ascii_alphanumeric() || "+/".contains(wrong) || decoded.len() / BYTES * DIGITS <= text.len());
        }
    }
}

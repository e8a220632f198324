//! Values of constants to compute with.

use crate::constant::Constant;
use crate::element_type::ElementType;

/// Values of one kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    /// Of 32-bit floats, and of others that become those.
    Floats(Vec<f32>),
    /// Of all integers, and booleans.
    Integers(Vec<i64>),
}

impl Numbers {
    /// The values of a constant.
    pub(super) fn of(constant: &Constant<'_>) -> Self {
        let bytes = constant.bytes.as_slice();
        let floats = match constant.element_type {
            ElementType::F32 => constant.floats().map(Iterator::collect),
            ElementType::F64 => Some(
                bytes
                    .chunks_exact(8)
                    .map(|chunk| chunk.try_into().map_or(0.0, f64::from_le_bytes) as f32)
                    .collect(),
            ),
            ElementType::F16 => Some(
                bytes
                    .chunks_exact(2)
                    .map(|chunk| half(chunk.try_into().map_or(0, u16::from_le_bytes)))
                    .collect(),
            ),
            _ => None,
        };
        match floats {
            Some(floats) => Self::Floats(floats),
            None => Self::Integers(constant.integers().unwrap_or_default()),
        }
    }

    /// A constant of that type; integers are cut to its size, as TensorFlow does. None where the values are of another kind.
    pub(super) fn into_constant(
        self,
        element_type: ElementType,
        shape: Vec<usize>,
    ) -> Option<Constant<'static>> {
        let bytes: Vec<u8> = match (self, element_type) {
            (Self::Floats(floats), ElementType::F32) => {
                floats.iter().flat_map(|float| float.to_le_bytes()).collect()
            }
            (Self::Integers(integers), ElementType::Bool) => {
                integers.iter().map(|&integer| u8::from(integer != 0)).collect()
            }
            (Self::Integers(integers), element_type) if !is_float(element_type) => {
                let width = element_type.bytes();
                integers.iter().flat_map(|integer| integer.to_le_bytes().into_iter().take(width)).collect()
            }
            _ => return None,
        };
        Some(Constant::made(element_type, shape, bytes))
    }
}

fn is_float(element_type: ElementType) -> bool {
    matches!(element_type, ElementType::F16 | ElementType::F32 | ElementType::F64)
}

/// A 16-bit float (IEEE 754): a sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read() {
        for (bits, expected) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), expected, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn integers_are_cut_to_their_type() {
        let numbers = Numbers::Integers(vec![300, -1]);
        let constant = numbers.into_constant(ElementType::U8, vec![2]).unwrap();
        assert_eq!(constant.bytes.as_slice(), [44, 255]);
    }
}

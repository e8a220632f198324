//! Types of elements, with their numbers in both formats: those of a fixed size that WebAssembly's interfaces for inference know.

use std::fmt;

/// What a tensor's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 16-bit float.
    F16,
    /// Signed, 8 bits.
    I8,
    /// Signed, 16 bits.
    I16,
    /// Signed, 32 bits.
    I32,
    /// Signed, 64 bits.
    I64,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// True or false, a byte.
    Bool,
}

/// Numbers in `tensorflow/core/framework/types.proto` and in TensorFlow Lite's `schema.fbs`, and bytes of an element.
const NUMBERS: [(ElementType, i64, u8, usize); 12] = [
    (ElementType::F32, 1, 0, 4),
    (ElementType::F64, 2, 10, 8),
    (ElementType::I32, 3, 2, 4),
    (ElementType::U8, 4, 3, 1),
    (ElementType::I16, 5, 7, 2),
    (ElementType::I8, 6, 9, 1),
    (ElementType::I64, 9, 4, 8),
    (ElementType::Bool, 10, 6, 1),
    (ElementType::U16, 17, 16, 2),
    (ElementType::F16, 19, 1, 2),
    (ElementType::U32, 22, 15, 4),
    (ElementType::U64, 23, 12, 8),
];

impl ElementType {
    /// The type with this `TF_DataType`; None for texts and other types that tensors in memory can't have.
    pub fn from_tensorflow(number: i64) -> Option<Self> {
        NUMBERS
            .iter()
            .find(|(_, tensorflow, ..)| *tensorflow == number)
            .map(|(element_type, ..)| *element_type)
    }

    /// Its `TF_DataType`.
    pub fn tensorflow(self) -> i64 {
        NUMBERS
            .iter()
            .find(|(element_type, ..)| *element_type == self)
            .map_or(0, |(_, tensorflow, ..)| *tensorflow)
    }

    /// Bytes of an element.
    pub fn bytes(self) -> usize {
        NUMBERS.iter().find(|(element_type, ..)| *element_type == self).map_or(8, |(.., bytes)| *bytes)
    }

    /// Its `TensorType` in TensorFlow Lite's schema.
    pub(crate) fn tflite(self) -> u8 {
        NUMBERS.iter().find(|(element_type, ..)| *element_type == self).map_or(0, |(_, _, tflite, _)| *tflite)
    }
}

impl fmt::Display for ElementType {
    /// TensorFlow's name of it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::F16 => "float16",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::Bool => "bool",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensorflow_s_numbers_lead_to_their_types_and_back() {
        for (element_type, number, ..) in NUMBERS {
            assert_eq!(ElementType::from_tensorflow(number), Some(element_type));
            assert_eq!(element_type.tensorflow(), number);
        }
        for number in [0, 7, 8, 14, 20, 24, i64::from(u32::MAX)] {
            assert_eq!(ElementType::from_tensorflow(number), None, "{number}");
        }
    }
}

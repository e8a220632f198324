//! Types and values of tensors, whichever library they go to.

/// The type of a tensor's elements: those of a fixed size that WebAssembly's interfaces for inference know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    /// IEEE 754, 16 bits.
    F16,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
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
    /// 0 or 1, a byte.
    Bool,
}

impl ElementType {
    /// Each with TensorFlow's number for it (`TF_DataType` in tensorflow/c/tf_datatype.h).
    const TENSORFLOW: [(Self, u32); 12] = [
        (Self::F32, 1),
        (Self::F64, 2),
        (Self::I32, 3),
        (Self::U8, 4),
        (Self::I16, 5),
        (Self::I8, 6),
        (Self::I64, 9),
        (Self::Bool, 10),
        (Self::U16, 17),
        (Self::F16, 19),
        (Self::U32, 22),
        (Self::U64, 23),
    ];

    /// The type with this number of TensorFlow's; None for the others, such as texts.
    pub fn from_tensorflow(number: u32) -> Option<Self> {
        Self::TENSORFLOW.iter().find(|(_, of_type)| *of_type == number).map(|(element_type, _)| *element_type)
    }

    /// TensorFlow's number of the type.
    pub fn tensorflow(self) -> u32 {
        Self::TENSORFLOW
            .iter()
            .find(|(element_type, _)| *element_type == self)
            .map_or(0, |(_, number)| *number)
    }

    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }
}

/// What a model's input takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorType {
    /// The type of its elements; None for those that [`ElementType`] does not know.
    pub element_type: Option<ElementType>,
    /// Its dimensions.
    pub dimensions: Vec<i64>,
}

/// A tensor: its values are raw, little-endian, rows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    element_type: ElementType,
    dimensions: Vec<i64>,
    bytes: Vec<u8>,
}

impl Tensor {
    /// A tensor of these dimensions, none for a single value; None where the bytes don't have that size.
    pub fn new(element_type: ElementType, dimensions: Vec<i64>, bytes: Vec<u8>) -> Option<Self> {
        let size = byte_size(element_type, &dimensions)?;
        (size == bytes.len()).then_some(Self { element_type, dimensions, bytes })
    }

    /// The type of its elements.
    pub fn element_type(&self) -> ElementType {
        self.element_type
    }

    /// Its dimensions, none of them below 0.
    pub fn dimensions(&self) -> &[i64] {
        &self.dimensions
    }

    /// Its values.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Bytes of a tensor; None where a dimension is below 0, or where there would be more than can be counted.
pub fn byte_size(element_type: ElementType, dimensions: &[i64]) -> Option<usize> {
    dimensions
        .iter()
        .try_fold(element_type.bytes(), |size, &dimension| size.checked_mul(usize::try_from(dimension).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensorflow_s_numbers_lead_to_their_types_and_back() {
        for (element_type, number) in ElementType::TENSORFLOW {
            assert_eq!(ElementType::from_tensorflow(number), Some(element_type));
            assert_eq!(element_type.tensorflow(), number);
        }
        for number in [0, 7, 8, 14, 20, 24, u32::MAX] {
            assert_eq!(ElementType::from_tensorflow(number), None, "{number}");
        }
    }

    #[test]
    fn a_tensor_has_exactly_the_bytes_of_its_dimensions() {
        let tensor = |dimensions: &[i64], bytes: usize| {
            Tensor::new(ElementType::F32, dimensions.to_vec(), vec![0; bytes]).is_some()
        };
        assert!(tensor(&[], 4) && tensor(&[2, 3], 24) && tensor(&[5, 0], 0));
        assert!(!tensor(&[], 0) && !tensor(&[2, 3], 23) && !tensor(&[-1, -1], 4));
        assert!(!tensor(&[i64::MAX, 4], 0) && !tensor(&[1 << 32, 1 << 32], 0), "too many to count");
    }
}

//! Types and values of tensors, whichever library they go to.

pub use graph::ElementType;

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
    fn a_tensor_has_exactly_the_bytes_of_its_dimensions() {
        let tensor = |dimensions: &[i64], bytes: usize| {
            Tensor::new(ElementType::F32, dimensions.to_vec(), vec![0; bytes]).is_some()
        };
        assert!(tensor(&[], 4) && tensor(&[2, 3], 24) && tensor(&[5, 0], 0));
        assert!(!tensor(&[], 0) && !tensor(&[2, 3], 23) && !tensor(&[-1, -1], 4));
        assert!(!tensor(&[i64::MAX, 4], 0) && !tensor(&[1 << 32, 1 << 32], 0), "too many to count");
    }
}

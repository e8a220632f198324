//! Tensors whose values stand in the graph.

use std::rc::Rc;

use crate::element_type::ElementType;
use crate::error::GraphError;
use crate::limits::MAX_DIMENSIONS;
use crate::shape::byte_size;
use crate::wire::{Field, Fields, damage, last, varint};

/// A tensor whose values are known: little-endian, rows first.
#[derive(Clone, Debug)]
pub(crate) struct Constant<'g> {
    pub(crate) element_type: ElementType,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Bytes<'g>,
}

/// Values as they stand in the graph, or as they were computed.
#[derive(Clone, Debug)]
pub(crate) enum Bytes<'g> {
    InGraph(&'g [u8]),
    Made(Rc<[u8]>),
}

impl Bytes<'_> {
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::InGraph(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }
}

/// Numbers of a `TensorProto`, whose fields for values differ by type
/// (`tensorflow/core/framework/tensor.proto`).
const TENSOR_CONTENT: u32 = 4;

impl<'g> Constant<'g> {
    /// Reads a `TensorProto`. `left` are the bytes that may still be made.
    pub(crate) fn read(proto: &'g [u8], left: &mut usize) -> Result<Self, GraphError> {
        let element_type = last(proto, 1)?.map_or(0, Field::int);
        let Some(element_type) = ElementType::from_tensorflow(element_type) else {
            return Err(damage(&format!("a constant of type {element_type}")));
        };
        let shape = match last(proto, 2)? {
            Some(shape) => fixed_shape(shape.bytes())?,
            None => Vec::new(),
        };
        let size = byte_size(&shape, element_type)?;
        let bytes = match last(proto, TENSOR_CONTENT)?.map(Field::bytes) {
            Some(content) if !content.is_empty() => {
                if content.len() != size {
                    return Err(damage(&format!("a constant has {} bytes of {size}", content.len())));
                }
                Bytes::InGraph(content)
            }
            _ => listed(proto, element_type, size, left)?,
        };
        Ok(Self { element_type, shape, bytes })
    }

    /// A tensor of these values, each in the type's bytes.
    pub(crate) fn made(element_type: ElementType, shape: Vec<usize>, bytes: Vec<u8>) -> Constant<'static> {
        Constant { element_type, shape, bytes: Bytes::Made(bytes.into()) }
    }

    /// A list of i32, such as axes or a shape.
    pub(crate) fn of_integers(numbers: &[i32]) -> Constant<'static> {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Self::made(ElementType::I32, vec![numbers.len()], bytes)
    }

    /// Floats of that shape.
    pub(crate) fn of_floats(shape: Vec<usize>, numbers: &[f32]) -> Constant<'static> {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Self::made(ElementType::F32, shape, bytes)
    }

    /// How many elements it has.
    pub(crate) fn len(&self) -> usize {
        self.bytes.as_slice().len() / self.element_type.bytes()
    }

    /// Its values, where they are 32-bit floats.
    pub(crate) fn floats(&self) -> Option<impl ExactSizeIterator<Item = f32> + '_> {
        let chunks = self.bytes.as_slice().chunks_exact(4);
        (self.element_type == ElementType::F32)
            .then(|| chunks.map(|chunk| chunk.try_into().map_or(0.0, f32::from_le_bytes)))
    }

    /// Its values, where they are integers or booleans.
    pub(crate) fn integers(&self) -> Option<Vec<i64>> {
        let bytes = self.bytes.as_slice();
        let wide = |read: fn(&[u8]) -> i64| bytes.chunks_exact(self.element_type.bytes()).map(read).collect();
        Some(match self.element_type {
            ElementType::I8 => bytes.iter().map(|&byte| byte.cast_signed().into()).collect(),
            ElementType::U8 => bytes.iter().map(|&byte| byte.into()).collect(),
            ElementType::Bool => bytes.iter().map(|&byte| i64::from(byte != 0)).collect(),
            ElementType::I16 => wide(|chunk| chunk.try_into().map_or(0, i16::from_le_bytes).into()),
            ElementType::U16 => wide(|chunk| chunk.try_into().map_or(0, u16::from_le_bytes).into()),
            ElementType::I32 => wide(|chunk| chunk.try_into().map_or(0, i32::from_le_bytes).into()),
            ElementType::U32 => wide(|chunk| chunk.try_into().map_or(0, u32::from_le_bytes).into()),
            ElementType::I64 => wide(|chunk| chunk.try_into().map_or(0, i64::from_le_bytes)),
            ElementType::U64 => wide(|chunk| chunk.try_into().map_or(0, u64::from_le_bytes).cast_signed()),
            ElementType::F16 | ElementType::F32 | ElementType::F64 => return None,
        })
    }
}

/// A `TensorShapeProto` whose sides are all known.
fn fixed_shape(proto: &[u8]) -> Result<Vec<usize>, GraphError> {
    let mut shape = Vec::new();
    for field in Fields::of(proto) {
        let (2, side) = field? else { continue };
        let side = last(side.bytes(), 1)?.map_or(0, Field::int);
        let side = usize::try_from(side).map_err(|_| damage(&format!("a constant has a side of {side}")))?;
        shape.push(side);
        if shape.len() > MAX_DIMENSIONS {
            return Err(damage(&format!("a constant has more than {MAX_DIMENSIONS} dimensions")));
        }
    }
    Ok(shape)
}

/// Values in the field for their type. Where there are fewer than elements, the last one stands for the rest.
fn listed<'g>(
    proto: &'g [u8],
    element_type: ElementType,
    size: usize,
    left: &mut usize,
) -> Result<Bytes<'g>, GraphError> {
    *left = left.checked_sub(size).ok_or_else(|| damage("its constants repeat too much"))?;
    let mut bytes = Vec::new();
    for field in Fields::of(proto) {
        let (number, field) = field?;
        if number == values_field(element_type) {
            append(&mut bytes, element_type, field, size)?;
        }
    }
    let width = element_type.bytes();
    let last: Vec<u8> = bytes
        .len()
        .checked_sub(width)
        .map_or_else(|| vec![0; width], |start| bytes.get(start..).unwrap_or_default().to_vec());
    if bytes.len() < size {
        bytes.reserve_exact(size - bytes.len());
        bytes.extend(last.iter().cycle().take(size - bytes.len()));
    }
    Ok(Bytes::Made(bytes.into()))
}

fn values_field(element_type: ElementType) -> u32 {
    match element_type {
        ElementType::F32 => 5,
        ElementType::F64 => 6,
        ElementType::I8 | ElementType::I16 | ElementType::I32 | ElementType::U8 | ElementType::U16 => 7,
        ElementType::I64 => 10,
        ElementType::Bool => 11,
        ElementType::F16 => 13,
        ElementType::U32 => 16,
        ElementType::U64 => 17,
    }
}

/// Appends the values of one field, packed or single, up to `size` bytes in all.
fn append(
    bytes: &mut Vec<u8>,
    element_type: ElementType,
    field: Field<'_>,
    size: usize,
) -> Result<(), GraphError> {
    let width = element_type.bytes();
    match field {
        Field::Fixed32(bits) => bytes.extend(bits.to_le_bytes()),
        Field::Fixed64(bits) => bytes.extend(bits.to_le_bytes()),
        Field::Varint(number) => bytes.extend(number.to_le_bytes().iter().take(width)),
        Field::Bytes(packed) if matches!(element_type, ElementType::F32 | ElementType::F64) => {
            if !packed.len().is_multiple_of(width) {
                return Err(damage("a constant ends within a number"));
            }
            let room = size.saturating_sub(bytes.len());
            if packed.len() > room {
                return Err(damage("a constant has more values than elements"));
            }
            bytes.extend(packed);
        }
        Field::Bytes(mut packed) => {
            while !packed.is_empty() {
                let (number, rest) = varint(packed)?;
                bytes.extend(number.to_le_bytes().iter().take(width));
                packed = rest;
                if bytes.len() > size {
                    break;
                }
            }
        }
    }
    if bytes.len() > size {
        return Err(damage("a constant has more values than elements"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// dtype, shape of the sides, and other fields.
    fn proto(element_type: u8, sides: &[u8], fields: &[u8]) -> Vec<u8> {
        let mut shape = Vec::new();
        sides.iter().for_each(|&side| shape.extend([0x12, 2, 0x08, side]));
        let mut proto = vec![0x08, element_type, 0x12, u8::try_from(shape.len()).unwrap()];
        proto.extend(shape);
        proto.extend(fields);
        proto
    }

    #[test]
    fn the_last_value_stands_for_the_rest() {
        let proto = proto(3, &[2, 2], &[0x3a, 2, 7, 9]);
        let constant = Constant::read(&proto, &mut 1000).unwrap();
        assert_eq!(constant.integers().unwrap(), [7, 9, 9, 9]);
        assert_eq!(constant.shape, [2, 2]);
    }

    #[test]
    fn values_may_be_single_fields_and_negative() {
        let minus_one = [0x38, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        let proto = proto(3, &[1], &minus_one);
        assert_eq!(Constant::read(&proto, &mut 1000).unwrap().integers().unwrap(), [-1]);
    }

    #[test]
    fn without_values_it_is_zero() {
        let proto = proto(1, &[3], &[]);
        let constant = Constant::read(&proto, &mut 1000).unwrap();
        assert_eq!(constant.floats().unwrap().collect::<Vec<_>>(), [0.0; 3]);
    }

    #[test]
    fn what_does_not_fit_its_shape_is_refused() {
        let too_many = proto(3, &[1], &[0x3a, 2, 7, 9]);
        let too_short = proto(1, &[2], &[0x22, 4, 0, 0, 0, 0]);
        let repeated = proto(1, &[100, 100], &[]);
        for proto in [too_many, too_short, repeated] {
            assert!(Constant::read(&proto, &mut 1000).is_err());
        }
    }
}

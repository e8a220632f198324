//! Shape, type and data of one tensor.

use std::ops::RangeInclusive;

use flatbuffer::Table;

use super::damage::{Damage, damage};

/// More dimensions than TensorFlow Lite's kernels know.
const MAX_DIMENSIONS: usize = 8;

/// What the graph needs to know of a tensor.
#[derive(Debug)]
pub(super) struct Tensor {
    pub(super) shape: Vec<usize>,
    /// What its shape and its type ask for.
    pub(super) bytes: usize,
    /// Whether the file has its data.
    pub(super) is_constant: bool,
}

impl Tensor {
    /// Reads one of the graph's tensors; `buffers` are the sizes of the constant data, by index. Scales read are taken
    /// from `scales_left`: many tensors could have the same ones, and all would be read again for each.
    pub(super) fn read(
        tensor: Table<'_>,
        buffers: &[usize],
        scales_left: &mut usize,
    ) -> Result<Self, Damage> {
        let shape = shape(tensor)?;
        let element_type = tensor.number::<u8>(1)?.unwrap_or(0);
        let elements = shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
        let bytes = elements.and_then(|elements| elements.checked_mul(bits(element_type)?));
        let Some(bytes) = bytes.map(|bits| bits.div_ceil(8)) else {
            return damage(format!("a tensor of type {element_type} and shape {shape:?} has no size"));
        };
        let index = tensor.number::<u32>(2)?.unwrap_or(0) as usize;
        let Some(&constant) = buffers.get(index) else {
            return damage(format!("a tensor's data is buffer {index} of {}", buffers.len()));
        };
        if constant != 0 && constant != bytes {
            return damage(format!("a tensor of {bytes} bytes has {constant} bytes of data"));
        }
        if tensor.number::<u8>(5)?.unwrap_or(0) != 0 {
            return damage("a tensor keeps its value from one run to the next");
        }
        if tensor.table(6)?.is_some() {
            return damage("a tensor is sparse");
        }
        if !tensor.tables(9)?.is_empty() {
            return damage("a tensor holds other tensors");
        }
        quantization(tensor, &shape, element_type, scales_left)?;
        Ok(Self { shape, bytes, is_constant: constant != 0 })
    }
}

fn shape(tensor: Table<'_>) -> Result<Vec<usize>, Damage> {
    let sides = tensor.numbers::<i32>(0)?;
    if sides.len() > MAX_DIMENSIONS || tensor.numbers::<i32>(7)?.len() > MAX_DIMENSIONS {
        return damage(format!(
            "a tensor has {} dimensions, accepted are up to {MAX_DIMENSIONS}",
            sides.len()
        ));
    }
    sides
        .iter_numbers::<i32>()
        .map(|side| match side? {
            side @ 1.. => usize::try_from(side).or_else(|_| damage("a side is too long")),
            side => damage(format!("a tensor has a side of {side}, accepted are fixed sizes")),
        })
        .collect()
}

/// Scales that models have: the kernels end the process on products of larger and smaller ones.
const SCALES: RangeInclusive<f32> = 1e-20..=1e6;

/// Scales and zero points: one for the tensor, or one for each slice of a dimension.
fn quantization(
    tensor: Table<'_>,
    shape: &[usize],
    element_type: u8,
    scales_left: &mut usize,
) -> Result<(), Damage> {
    let Some(quantization) = tensor.table(4)? else { return Ok(()) };
    let scales = quantization.numbers::<f32>(2)?.len();
    let zero_points = quantization.numbers::<i64>(3)?.len();
    let dimension = quantization.number::<i32>(6)?.unwrap_or(0);
    let slices = usize::try_from(dimension).ok().and_then(|dimension| shape.get(dimension)).copied();
    let is_number = |count: usize| count == 0 || count == 1 || Some(count) == slices;
    if scales != zero_points || !is_number(scales) {
        return damage(format!(
            "a tensor of shape {shape:?} has {scales} scales and {zero_points} zero points over dimension {dimension}"
        ));
    }
    let Some(left) = scales_left.checked_sub(scales) else {
        return damage("it has more scales than a file of its size");
    };
    *scales_left = left;
    for scale in quantization.numbers::<f32>(2)?.iter_numbers::<f32>() {
        let scale = scale?;
        if !SCALES.contains(&scale) {
            return damage(format!(
                "a scale of {scale:e}, accepted are {:e} to {:e}",
                SCALES.start(),
                SCALES.end()
            ));
        }
    }
    for zero_point in quantization.numbers::<i64>(3)?.iter_numbers::<i64>() {
        let zero_point = zero_point?;
        if !zero_points_of(element_type).contains(&zero_point) {
            return damage(format!("a tensor of type {element_type} has the zero point {zero_point}"));
        }
    }
    if quantization.number::<u8>(4)?.unwrap_or(0) != 0 {
        return damage("a tensor's quantisation is of a kind of its own");
    }
    Ok(())
}

/// What zero stands for is a value that the type has; types of many bits are symmetric.
fn zero_points_of(element_type: u8) -> RangeInclusive<i64> {
    match element_type {
        3 => 0..=255,    // UINT8
        9 => -128..=127, // INT8
        17 => -8..=7,    // INT4
        _ => 0..=0,
    }
}

/// Bits of one element (`TensorType` of the schema); None for texts and handles.
fn bits(element_type: u8) -> Option<usize> {
    Some(match element_type {
        17 => 4,               // INT4
        3 | 6 | 9 => 8,        // UINT8, BOOL, INT8
        1 | 7 | 16 | 18 => 16, // FLOAT16, INT16, UINT16, BFLOAT16
        0 | 2 | 15 => 32,      // FLOAT32, INT32, UINT32
        4 | 8 | 10 | 12 => 64, // INT64, COMPLEX64, FLOAT64, UINT64
        11 => 128,             // COMPLEX128
        _ => return None,
    })
}

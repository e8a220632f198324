//! What the numbers in a tensor are.

use packed::{Element, Quantization};

use crate::error::{PackError, unfit};
use crate::tflite::Tensor;

pub(super) fn element_of(tensor: &Tensor) -> Option<Element> {
    match tensor.element {
        Tensor::FLOAT32 => Some(Element::Float32),
        Tensor::UINT8 => Some(Element::Uint8),
        Tensor::INT8 => Some(Element::Int8),
        _ => None,
    }
}

pub(super) fn quantization(tensor: &Tensor, element: Element) -> Result<Option<Quantization>, PackError> {
    if element == Element::Float32 {
        return Ok(None);
    }
    let Some((scale, zero_point)) = tensor.quantization else { return Ok(None) };
    match i32::try_from(zero_point) {
        Ok(zero_point) if scale.is_normal() => Ok(Some(Quantization { scale, zero_point })),
        _ => unfit(format!("tensor {:?} has scale {scale} and zero point {zero_point}", tensor.name)),
    }
}

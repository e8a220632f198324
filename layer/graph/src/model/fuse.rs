//! What ends in the operator before it: factors, terms, activations, dilation, padding.

use super::operator::{Activation, Padding, Window, code};
use super::{Linear, Model};
use crate::element_type::ElementType;
use crate::lower::same_padding;

impl<'g> Model<'g> {
    /// Multiplies each output of the convolution or product that computes `tensor`; false where there is none that can.
    pub(crate) fn scale(&mut self, tensor: usize, factors: &[f32]) -> bool {
        self.fold_into_weights(tensor, factors, Linear::scale_by)
    }

    /// Adds to each output of the convolution or product that computes `tensor`; false where there is none that can.
    pub(crate) fn shift(&mut self, tensor: usize, terms: &[f32]) -> bool {
        self.fold_into_weights(tensor, terms, Linear::shift_by)
    }

    fn fold_into_weights(
        &mut self,
        tensor: usize,
        numbers: &[f32],
        fold: fn(&mut Linear<'g>, &[f32]),
    ) -> bool {
        let Some(operator) = self.producer_mut(tensor) else { return false };
        let is_open = operator.activation == Activation::None;
        match &mut operator.linear {
            Some(linear) if is_open && linear.outputs == numbers.len() => {
                fold(linear, numbers);
                true
            }
            _ => false,
        }
    }

    /// Makes an activation part of the operator that computes `tensor`; false where it can't have one.
    pub(crate) fn activate(&mut self, tensor: usize, activation: Activation) -> bool {
        if self.kind(tensor).is_ok_and(|(element_type, _)| element_type != ElementType::F32) {
            return false;
        }
        match self.producer_mut(tensor) {
            Some(operator)
                if operator.activation == Activation::None && operator.activation_field().is_some() =>
            {
                operator.activation = activation;
                true
            }
            _ => false,
        }
    }

    /// What the zeros around `tensor` were put around, and how many there are before and after each dimension.
    pub(crate) fn padded(&self, tensor: usize) -> Option<(usize, Vec<[usize; 2]>)> {
        self.with_pairs(tensor, code::PAD, 1)
    }

    /// Turns convolution and blocks into a dilated convolution, where `tensor` is a convolution over what
    /// `SpaceToBatchND` made: [`blocks`, `crops`] are those of the `BatchToSpaceND` behind it, whose output has `shape`.
    pub(crate) fn dilate(
        &mut self,
        tensor: usize,
        blocks: [usize; 2],
        crops: [[usize; 2]; 2],
        shape: &[usize],
    ) -> Option<usize> {
        let operator = self.producer(tensor)?;
        let window = operator.window?;
        let is_plain =
            window.stride == [1, 1] && window.dilation == [1, 1] && window.padding == Padding::Valid;
        let (input, paddings) = self.with_pairs(*operator.inputs.first()?, code::SPACE_TO_BATCH_ND, 2)?;
        let same_blocks = self.blocks(*operator.inputs.first()?)? == blocks;
        if !is_plain || !same_blocks {
            return None;
        }
        let [top, left]: [[usize; 2]; 2] = paddings.try_into().ok()?;
        let mut padding = None;
        let (_, from) = self.kind(input).ok()?;
        let sides = [(1, top, 0), (2, left, 1)];
        for (dimension, [before, after], place) in sides {
            let [crop_before, crop_after] = *crops.get(place)?;
            let zeros = [before.checked_sub(crop_before)?, after.checked_sub(crop_after)?];
            let kernel = (window.kernel.get(place)?.checked_sub(1)?).checked_mul(*blocks.get(place)?)? + 1;
            let side = *from.get(dimension)?;
            let out = (side + zeros.iter().sum::<usize>()).checked_sub(kernel)? + 1;
            if shape.get(dimension) != Some(&out) {
                return None;
            }
            let kind = match zeros {
                [0, 0] => Padding::Valid,
                zeros if zeros == same_padding(side, kernel, 1) => Padding::Same,
                _ => return None,
            };
            // A kernel of one has the same padding either way.
            let kind = if kernel == 1 { padding.unwrap_or(Padding::Same) } else { kind };
            if padding.is_some_and(|padding| padding != kind) {
                return None;
            }
            padding = Some(kind);
        }
        let window = Window { dilation: blocks, padding: padding?, ..window };
        let output = self.tensor(ElementType::F32, shape.to_vec()).ok()?;
        let number = self.tensors.get(tensor)?.producer?;
        let operator = self.operators.get_mut(number)?;
        operator.window = Some(window);
        operator.inputs = vec![input];
        operator.outputs = vec![output];
        self.tensors.get_mut(output)?.producer = Some(number);
        Some(output)
    }

    /// Block sizes of the `SpaceToBatchND` that computes `tensor`.
    fn blocks(&self, tensor: usize) -> Option<[usize; 2]> {
        let numbers = self.numbers(*self.producer(tensor)?.inputs.get(1)?)?;
        numbers.try_into().ok()
    }

    /// The input of the operator that computes `tensor`, if it has that code, and its constant operand as pairs.
    fn with_pairs(&self, tensor: usize, code: i32, operand: usize) -> Option<(usize, Vec<[usize; 2]>)> {
        let operator = self.producer(tensor).filter(|operator| operator.code == code)?;
        let numbers = self.numbers(*operator.inputs.get(operand)?)?;
        let pairs = numbers.chunks_exact(2).map(|pair| pair.try_into().ok()).collect::<Option<Vec<_>>>()?;
        Some((*operator.inputs.first()?, pairs))
    }

    fn numbers(&self, tensor: usize) -> Option<Vec<usize>> {
        let numbers = self.tensors.get(tensor)?.data.as_ref()?.integers()?;
        numbers.into_iter().map(|number| usize::try_from(number).ok()).collect()
    }
}

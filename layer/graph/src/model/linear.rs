//! Weights of convolutions and products: in the graph's order until they are written, with what was folded into them.

use crate::constant::Constant;

/// How the graph has the weights, and so how TensorFlow Lite's order comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Outputs are the last dimension (height, width, inputs, outputs; or inputs, outputs) and become the first.
    OutputsLast,
    /// Outputs are the first dimension already.
    OutputsFirst,
    /// Depthwise: inputs and multiplier are the last two dimensions and become one.
    Depthwise,
}

/// Weights, with what was folded into them.
#[derive(Clone, Debug)]
pub(crate) struct Linear<'g> {
    pub(crate) weights: Constant<'g>,
    pub(crate) layout: Layout,
    /// The shape that TensorFlow Lite wants.
    pub(crate) shape: Vec<usize>,
    /// How many outputs there are.
    pub(crate) outputs: usize,
    /// What each output's weights are multiplied with.
    scale: Option<Vec<f32>>,
    /// What is added to each output.
    bias: Option<Vec<f32>>,
}

impl<'g> Linear<'g> {
    /// Weights of 32-bit floats, as they are.
    pub(crate) fn new(weights: Constant<'g>, layout: Layout, shape: Vec<usize>, outputs: usize) -> Self {
        Self { weights, layout, shape, outputs, scale: None, bias: None }
    }

    /// Multiplies each output.
    pub(super) fn scale_by(&mut self, factors: &[f32]) {
        let scale = self.scale.get_or_insert_with(|| vec![1.0; factors.len()]);
        scale.iter_mut().zip(factors).for_each(|(scale, factor)| *scale *= factor);
        if let Some(bias) = &mut self.bias {
            bias.iter_mut().zip(factors).for_each(|(bias, factor)| *bias *= factor);
        }
    }

    /// Adds to each output.
    pub(super) fn shift_by(&mut self, terms: &[f32]) {
        let bias = self.bias.get_or_insert_with(|| vec![0.0; terms.len()]);
        bias.iter_mut().zip(terms).for_each(|(bias, term)| *bias += term);
    }

    /// What is added to each output; zeros where nothing is.
    pub(super) fn bias(&self) -> Vec<f32> {
        self.bias.clone().unwrap_or_else(|| vec![0.0; self.outputs])
    }

    /// Bytes of the weights.
    pub(super) fn bytes(&self) -> usize {
        self.weights.bytes.as_slice().len()
    }

    /// Writes the weights in TensorFlow Lite's order; `to` has [`Self::bytes`] bytes.
    pub(super) fn write(&self, to: &mut [u8]) {
        let from = self.weights.bytes.as_slice();
        let row = self.outputs * 4;
        match (self.layout, &self.scale) {
            (Layout::OutputsLast, _) => transpose(from, self.outputs, self.scale.as_deref(), to),
            (_, None) => to.copy_from_slice(from),
            (Layout::Depthwise, Some(scale)) => {
                for (from, to) in from.chunks_exact(row).zip(to.chunks_exact_mut(row)) {
                    let pairs = from.chunks_exact(4).zip(to.chunks_exact_mut(4)).zip(scale);
                    pairs.for_each(|((from, to), factor)| write_scaled(from, *factor, to));
                }
            }
            (Layout::OutputsFirst, Some(scale)) => {
                let inputs = from.len() / self.outputs.max(1);
                for ((from, to), factor) in
                    from.chunks_exact(inputs.max(1)).zip(to.chunks_exact_mut(inputs.max(1))).zip(scale)
                {
                    let pairs = from.chunks_exact(4).zip(to.chunks_exact_mut(4));
                    pairs.for_each(|(from, to)| write_scaled(from, *factor, to));
                }
            }
        }
    }
}

fn write_scaled(from: &[u8], factor: f32, to: &mut [u8]) {
    let number = from.try_into().map_or(0.0, f32::from_le_bytes) * factor;
    to.copy_from_slice(&number.to_le_bytes());
}

/// Outputs whose weights are written side by side: a line of the processor's cache has so many floats.
const OUTPUTS_AT_ONCE: usize = 16;

/// Rows of `outputs` floats become `outputs` rows. A few of those are filled at a time, so that each line of `from` that is
/// read is used as a whole.
fn transpose(from: &[u8], outputs: usize, scale: Option<&[f32]>, to: &mut [u8]) {
    let rows = from.len() / 4 / outputs.max(1);
    if rows == 0 {
        return;
    }
    let mut first = 0;
    for block in to.chunks_mut(rows * 4 * OUTPUTS_AT_ONCE) {
        let mut columns: Vec<_> =
            block.chunks_exact_mut(rows * 4).map(|row| row.chunks_exact_mut(4)).collect();
        let factors: Vec<f32> = match scale {
            Some(scale) => scale.iter().skip(first).take(columns.len()).copied().collect(),
            None => vec![1.0; columns.len()],
        };
        for row in from.chunks_exact(outputs * 4) {
            let values = row.chunks_exact(4).skip(first);
            for ((from, to), factor) in values.zip(&mut columns).zip(&factors) {
                if let Some(to) = to.next() {
                    write_scaled(from, *factor, to);
                }
            }
        }
        first += columns.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(linear: &Linear<'_>) -> Vec<f32> {
        let mut bytes = vec![0; linear.bytes()];
        linear.write(&mut bytes);
        bytes.chunks_exact(4).map(|chunk| f32::from_le_bytes(chunk.try_into().unwrap())).collect()
    }

    #[test]
    fn outputs_become_the_first_dimension() {
        let outputs = 37;
        let numbers: Vec<f32> = (0..5 * outputs).map(|number| number as f32).collect();
        let weights = Constant::of_floats(vec![5, outputs], &numbers);
        let mut linear = Linear::new(weights, Layout::OutputsLast, vec![outputs, 5], outputs);
        let factors: Vec<f32> = (0..outputs).map(|output| 1.0 + output as f32).collect();
        linear.scale_by(&factors);
        let found = written(&linear);
        for output in 0..outputs {
            for input in 0..5 {
                let expected = (input * outputs + output) as f32 * factors[output];
                assert_eq!(found[output * 5 + input], expected);
            }
        }
    }

    #[test]
    fn the_other_orders_stay_and_are_scaled() {
        let numbers = [1.0, 2.0, 3.0, 4.0];
        for (layout, expected) in [
            (Layout::Depthwise, [10.0, 200.0, 30.0, 400.0]),
            (Layout::OutputsFirst, [10.0, 20.0, 300.0, 400.0]),
        ] {
            let weights = Constant::of_floats(vec![2, 2], &numbers);
            let mut linear = Linear::new(weights, layout, vec![2, 2], 2);
            linear.shift_by(&[1.0, 1.0]);
            linear.scale_by(&[10.0, 100.0]);
            assert_eq!(written(&linear), expected);
            assert_eq!(linear.bias(), [10.0, 100.0]);
        }
    }
}

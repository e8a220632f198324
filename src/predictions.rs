//! The likeliest classes of an output tensor.

use std::cmp::Ordering;

/// How the bytes of an output tensor become probabilities: `scale × (value − zero point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    /// Probability of one step.
    pub scale: f32,
    /// The value that stands for 0.
    pub zero_point: i64,
}

impl Quantization {
    fn probability(self, value: u8) -> f64 {
        f64::from(self.scale) * (i64::from(value) - self.zero_point) as f64
    }
}

/// A class and its probability, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Number of the class.
    pub index: usize,
    /// Its probability.
    pub probability: f64,
}

/// The `count` likeliest classes of the output `values`, likeliest first; ties break by the lower index.
pub(crate) fn top(values: &[u8], quantization: Quantization, count: usize) -> Vec<Prediction> {
    let mut predictions: Vec<Prediction> = values
        .iter()
        .enumerate()
        .map(|(index, &value)| Prediction { index, probability: quantization.probability(value) })
        .collect();
    predictions.sort_unstable_by(likelier_first);
    predictions.truncate(count);
    predictions
}

fn likelier_first(a: &Prediction, b: &Prediction) -> Ordering {
    b.probability.total_cmp(&a.probability).then(a.index.cmp(&b.index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOFTMAX: Quantization = Quantization { scale: 1.0 / 256.0, zero_point: 0 };

    #[test]
    fn probabilities_use_the_models_own_scale_and_zero_point() {
        let quantization = Quantization { scale: 0.5, zero_point: 10 };
        assert_eq!(
            top(&[12, 11], quantization, 2),
            [Prediction { index: 0, probability: 1.0 }, Prediction { index: 1, probability: 0.5 },]
        );
    }

    #[test]
    fn ties_break_by_the_lower_index() {
        let indices: Vec<usize> = top(&[3, 9, 9, 3, 9], SOFTMAX, 4).iter().map(|p| p.index).collect();
        assert_eq!(indices, [1, 2, 4, 0]);
    }

    proptest! {
        #[test]
        fn the_top_is_the_start_of_the_stable_sort(values in proptest::collection::vec(any::<u8>(), 0..200), count in 0_usize..10) {
            let mut sorted: Vec<(usize, u8)> = values.iter().copied().enumerate().collect();
            sorted.sort_by_key(|&(_, value)| std::cmp::Reverse(value));
            let expected: Vec<usize> = sorted.iter().take(count).map(|(index, _)| *index).collect();
            let found: Vec<usize> = top(&values, SOFTMAX, count).iter().map(|p| p.index).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

//! The likeliest classes of an output tensor, and how sure that is.

use std::cmp::Ordering;

use packed::{Certainty, Element, Output, Quantization, Scores, Unsure};

/// A class and its probability, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Number of the class.
    pub index: usize,
    /// Its probability.
    pub probability: f64,
}

/// All that a model says of a picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Predictions {
    /// Likeliest first; ties break by the lower index.
    classes: Vec<Prediction>,
    /// The logarithm of the sum of the logits' exponentials, where there are logits.
    energy: Option<f64>,
}

impl Predictions {
    /// What the bytes of an output tensor say. None where they are not as many as the classes take.
    pub(crate) fn of(bytes: &[u8], output: &Output) -> Option<Self> {
        if bytes.len() != output.classes * output.element.bytes() {
            return None;
        }
        let mut values = numbers(bytes, output.element, output.quantization);
        let energy = (output.scores == Scores::Logits).then(|| softmax(&mut values));
        let mut classes: Vec<Prediction> = values
            .into_iter()
            .enumerate()
            .map(|(index, probability)| Prediction { index, probability })
            .collect();
        classes.sort_unstable_by(likelier_first);
        Some(Self { classes, energy })
    }

    /// The `count` likeliest.
    pub(crate) fn top(&self, count: usize) -> &[Prediction] {
        self.classes.get(..count).unwrap_or(&self.classes)
    }

    /// Whether the picture may show none of the classes.
    pub(crate) fn is_unsure(&self, unsure: &Unsure) -> bool {
        let probability = |place: usize| self.classes.get(place).map_or(0.0, |class| class.probability);
        let certainty = match unsure.by {
            Certainty::Probability => probability(0),
            Certainty::Top3 => (0..3).map(probability).sum(),
            Certainty::Margin => probability(0) - probability(1),
            Certainty::Energy => self.energy.unwrap_or(f64::INFINITY),
        };
        let is_background =
            self.classes.first().is_some_and(|first| unsure.background.contains(&first.index));
        // What is no number is no certainty.
        is_background || unsure.below.is_some_and(|below| certainty < below || certainty.is_nan())
    }
}

/// The model's numbers: an element that is no number counts as the least.
fn numbers(bytes: &[u8], element: Element, quantization: Option<Quantization>) -> Vec<f64> {
    let Quantization { scale, zero_point } =
        quantization.unwrap_or(Quantization { scale: 1.0, zero_point: 0 });
    let dequantized = |value: i32| f64::from(scale) * f64::from(value - zero_point);
    match element {
        Element::Uint8 => bytes.iter().map(|byte| dequantized((*byte).into())).collect(),
        Element::Int8 => bytes.iter().map(|byte| dequantized((*byte as i8).into())).collect(),
        Element::Float32 => bytes
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .map(|value| if value.is_nan() { f64::NEG_INFINITY } else { value.into() })
            .collect(),
    }
}

/// Makes probabilities of logits; the logarithm of the sum of their exponentials.
fn softmax(logits: &mut [f64]) -> f64 {
    // By comparison: see `nearest` in input.rs.
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, larger);
    if !greatest.is_finite() {
        logits.fill(0.0);
        return greatest;
    }
    for logit in logits.iter_mut() {
        *logit = (*logit - greatest).exp();
    }
    let sum: f64 = logits.iter().sum();
    for probability in logits.iter_mut() {
        *probability /= sum;
    }
    greatest + sum.ln()
}

fn likelier_first(a: &Prediction, b: &Prediction) -> Ordering {
    b.probability.total_cmp(&a.probability).then(a.index.cmp(&b.index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOFTMAX: Quantization = Quantization { scale: 1.0 / 256.0, zero_point: 0 };

    fn output(
        classes: usize,
        element: Element,
        quantization: Option<Quantization>,
        scores: Scores,
    ) -> Output {
        Output { tensor: String::new(), classes, element, quantization, scores }
    }

    fn of_bytes(values: &[u8], quantization: Quantization) -> Predictions {
        let output = output(values.len(), Element::Uint8, Some(quantization), Scores::Probabilities);
        Predictions::of(values, &output).unwrap()
    }

    fn of_logits(logits: &[f32]) -> Predictions {
        let bytes: Vec<u8> = logits.iter().flat_map(|logit| logit.to_le_bytes()).collect();
        Predictions::of(&bytes, &output(logits.len(), Element::Float32, None, Scores::Logits)).unwrap()
    }

    #[test]
    fn probabilities_use_the_models_own_scale_and_zero_point() {
        let expected = [Prediction { index: 0, probability: 1.0 }, Prediction { index: 1, probability: 0.5 }];
        assert_eq!(of_bytes(&[12, 11], Quantization { scale: 0.5, zero_point: 10 }).top(2), expected);
        let signed = Some(Quantization { scale: 0.5, zero_point: -128 });
        let output = output(2, Element::Int8, signed, Scores::Probabilities);
        assert_eq!(Predictions::of(&[0x82, 0x81], &output).unwrap().top(2), expected);
    }

    #[test]
    fn ties_break_by_the_lower_index() {
        let indices: Vec<usize> =
            of_bytes(&[3, 9, 9, 3, 9], SOFTMAX).top(4).iter().map(|prediction| prediction.index).collect();
        assert_eq!(indices, [1, 2, 4, 0]);
    }

    #[test]
    fn logits_become_probabilities_however_large_they_are() {
        for shift in [0.0, 1e4, -1e4] {
            let predictions = of_logits(&[shift, shift + 2_f32.ln(), f32::NEG_INFINITY]);
            let probabilities: Vec<f64> = predictions.top(3).iter().map(|p| p.probability).collect();
            assert!(
                (probabilities[0] - 2.0 / 3.0).abs() < 1e-3 && probabilities[2] == 0.0,
                "{probabilities:?}"
            );
        }
        for logits in [[f32::NAN; 2], [f32::INFINITY; 2], [f32::NEG_INFINITY; 2]] {
            assert!(of_logits(&logits).top(2).iter().all(|p| p.probability == 0.0));
        }
    }

    #[test]
    fn below_its_threshold_an_answer_is_unsure() {
        let unsure = |by, below| Unsure { by, below: Some(below), background: vec![] };
        let predictions = of_bytes(&[160, 64, 16, 16], SOFTMAX);
        let values = [(Certainty::Probability, 0.625), (Certainty::Top3, 0.9375), (Certainty::Margin, 0.375)];
        for (by, value) in values {
            assert!(!predictions.is_unsure(&unsure(by, value)), "{by:?}");
            assert!(predictions.is_unsure(&unsure(by, value + 1e-6)), "{by:?}");
        }
        let energy = of_logits(&[0.0, 0.0]);
        assert!(
            energy.is_unsure(&unsure(Certainty::Energy, 0.7))
                && !energy.is_unsure(&unsure(Certainty::Energy, 0.69))
        );
        assert!(!predictions.is_unsure(&Unsure::default()));
        let background = Unsure { background: vec![0], ..Unsure::default() };
        assert!(predictions.is_unsure(&background) && !of_bytes(&[1, 2], SOFTMAX).is_unsure(&background));
    }

    #[test]
    fn an_output_of_another_size_is_none() {
        assert_eq!(
            Predictions::of(&[1, 2], &output(3, Element::Uint8, Some(SOFTMAX), Scores::Probabilities)),
            None
        );
    }

    proptest! {
        #[test]
        fn the_top_is_the_start_of_the_stable_sort(values in proptest::collection::vec(any::<u8>(), 1..200), count in 0_usize..10) {
            let mut sorted: Vec<(usize, u8)> = values.iter().copied().enumerate().collect();
            sorted.sort_by_key(|&(_, value)| std::cmp::Reverse(value));
            let expected: Vec<usize> = sorted.iter().take(count).map(|(index, _)| *index).collect();
            let predictions = of_bytes(&values, SOFTMAX);
            let found: Vec<usize> = predictions.top(count).iter().map(|p| p.index).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

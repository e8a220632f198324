//! Lanczos with three lobes: the weights of the pixels under each pixel of the target.

/// Lobes of the filter to either side.
const LOBES: f64 = 3.0;

/// In one direction.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    /// Of each pixel of the target the first pixel under it.
    pub(crate) starts: Vec<usize>,
    /// `taps` for each pixel of the target, which are 1 together.
    pub(crate) values: Vec<f32>,
    pub(crate) taps: usize,
}

impl Weights {
    /// `extent` of `from` pixels become `to`; both are at least 1, and `extent` is at most `from`.
    pub(crate) fn new(extent: f64, from: usize, to: usize) -> Self {
        if from == to && extent == from as f64 {
            return Self { starts: (0..to).collect(), values: vec![1.0; to], taps: 1 };
        }
        let scale = extent / to as f64;
        let reduction = if scale > 1.0 { scale } else { 1.0 };
        let support = LOBES * reduction;
        let taps = taps(support).min(from);
        let mut values = Vec::with_capacity(to * taps);
        let start_of = |index: usize| {
            let center = (index as f64 + 0.5) * scale;
            let start = (center - support + 0.5) as usize;
            let end = ((center + support + 0.5) as usize).min(from);
            let weight = |at: usize| lanczos((at as f64 - center + 0.5) / reduction);
            let sum: f64 = (start..end).map(weight).sum();
            // At the end, zeros stand before instead of behind: all taps are pixels of the picture.
            let first = start.min(from - taps);
            let share = |at: usize| if (start..end).contains(&at) { (weight(at) / sum) as f32 } else { 0.0 };
            values.extend((first..first + taps).map(share));
            first
        };
        let starts = (0..to).map(start_of).collect();
        Self { starts, values, taps }
    }

    /// Bytes that they take, for whoever counts; as above.
    pub(crate) fn bytes(extent: f64, to: u64) -> u64 {
        let scale = extent / to as f64;
        let support = if scale > 1.0 { LOBES * scale } else { LOBES };
        to.saturating_mul(taps(support) as u64 * 4 + 8)
    }
}

/// Pixels that a filter can lie over which goes so far to either side.
fn taps(support: f64) -> usize {
    // One more than is needed where the support is a whole number.
    (support as usize + 1) * 2 + 1
}

fn lanczos(at: f64) -> f64 {
    if at <= -LOBES || at >= LOBES { 0.0 } else { sinc(at) * sinc(at / LOBES) }
}

fn sinc(at: f64) -> f64 {
    if -1e-8 < at && at < 1e-8 { 1.0 } else { sine_of_pi(at) / (std::f64::consts::PI * at) }
}

/// sin(π `at`), for -3 to 3. Those of C's libraries differ in their last bits, and the runtime and a function would, too.
fn sine_of_pi(at: f64) -> f64 {
    if at < 0.0 {
        return -sine_of_pi(-at);
    }
    // Half turns change the sign, and nothing else: what is left is at most half of one to either side.
    let half_turns = (at + 0.5) as usize;
    let angle = (at - half_turns as f64) * std::f64::consts::PI;
    let square = angle * angle;
    let (mut term, mut sum) = (angle, angle);
    for step in 1..=9_i32 {
        term *= -square / f64::from(2 * step * (2 * step + 1));
        sum += term;
    }
    if half_turns % 2 == 0 { sum } else { -sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_that_of_the_library() {
        for step in -3000..=3000 {
            let at = f64::from(step) / 1000.0;
            assert!((sine_of_pi(at) - (at * std::f64::consts::PI).sin()).abs() < 1e-12, "{at}");
        }
    }

    #[test]
    fn weights_are_one_together_and_lie_within_the_picture() {
        for (from, to) in [(1, 1), (1, 7), (7, 1), (100, 33), (33, 100), (640, 160), (5, 5), (1000, 3)] {
            for extent in [from as f64, from as f64 - 0.3] {
                let weights = Weights::new(extent, from, to);
                assert_eq!(weights.starts.len(), to);
                for (start, values) in weights.starts.iter().zip(weights.values.chunks(weights.taps)) {
                    let sum: f32 = values.iter().sum();
                    assert!((sum - 1.0).abs() < 1e-5, "{from} to {to}: {sum}");
                    assert!(start + values.len() <= from, "{from} to {to}");
                }
                let bytes = weights.values.len() * 4 + weights.starts.len() * 8;
                assert!(bytes as u64 <= Weights::bytes(extent, to as u64), "{from} to {to}");
            }
        }
    }

    #[test]
    fn starts_never_go_back() {
        let weights = Weights::new(999.5, 1000, 77);
        assert!(weights.starts.is_sorted());
    }
}

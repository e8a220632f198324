//! What a person says of a model.

use packed::{Certainty, Scores};

/// What a person says of a model; it counts for more than what is found.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Its name.
    pub name: Option<String>,
    /// The labels, and the file that they are from.
    pub labels: Option<(Vec<String>, String)>,
    /// The Chinese ones.
    pub chinese: Option<(Vec<String>, String)>,
    /// `(byte − mean) / std`.
    pub mean: Option<[f32; 3]>,
    /// See `mean`.
    pub std: Option<[f32; 3]>,
    /// Width and height, for a model that takes pictures of any size.
    pub input_size: Option<(u32, u32)>,
    /// Which of several outputs.
    pub output: Option<String>,
    /// Number of the label of the first class.
    pub offset: Option<i64>,
    /// Whether the output are probabilities or logits.
    pub scores: Option<Scores>,
    /// Below which answers are unsure.
    pub threshold: Option<f64>,
    /// What the threshold is of.
    pub threshold_by: Option<Certainty>,
}

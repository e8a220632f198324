//! What a function must know of its model, besides labels and weights.

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_CLASSES, MAX_SIDE};

/// What a model is called, takes and gives.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Description {
    /// Its name, for answers.
    pub name: String,
    /// What it takes.
    pub input: Input,
    /// What it gives.
    pub output: Output,
    /// When its answer is none.
    #[serde(default, skip_serializing_if = "Unsure::is_never")]
    pub unsure: Unsure,
}

/// The picture as a tensor: 1 × height × width × channels, or 1 × channels × height × width.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Input {
    /// The graph's name of it.
    pub tensor: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// 3: red, green, blue; 1: grey.
    pub channels: u32,
    /// Whether each channel has a plane of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub channels_first: bool,
    /// The type of its elements.
    pub element: Element,
    /// How bytes of pixels become the model's numbers. None: the bytes are the elements (of signed ones less 128).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalization: Option<Normalization>,
    /// How the model's numbers become elements; not for floating point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
}

/// A value for each class.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Output {
    /// The graph's name of it.
    pub tensor: String,
    /// How many classes.
    pub classes: usize,
    /// The type of its elements.
    pub element: Element,
    /// How elements become numbers; not for floating point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
    /// What the numbers are.
    pub scores: Scores,
}

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// Unsigned bytes.
    Uint8,
    /// Signed bytes.
    Int8,
    /// Floating point of 32 bits.
    Float32,
}

impl Element {
    /// Its size.
    pub fn bytes(self) -> usize {
        match self {
            Self::Uint8 | Self::Int8 => 1,
            Self::Float32 => 4,
        }
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uint8 => "uint8",
            Self::Int8 => "int8",
            Self::Float32 => "float32",
        }
    }
}

/// `(byte − mean) / std`, for each channel.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Normalization {
    /// What becomes 0, in steps of a byte.
    pub mean: [f32; 3],
    /// What becomes 1 above that.
    pub std: [f32; 3],
}

/// `number = scale × (element − zero point)`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Quantization {
    /// Of one step.
    pub scale: f32,
    /// The element that stands for 0.
    pub zero_point: i32,
}

/// What the numbers of an output are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scores {
    /// Probabilities.
    Probabilities,
    /// Logits, which a softmax makes probabilities of.
    Logits,
}

/// When an answer is marked as unsure.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Unsure {
    /// What is compared.
    #[serde(default)]
    pub by: Certainty,
    /// Below this; None: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Classes that stand for "none of these".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub background: Vec<usize>,
}

impl Unsure {
    /// Whether no answer is ever marked.
    pub fn is_never(&self) -> bool {
        self.below.is_none() && self.background.is_empty()
    }
}

/// How sure an answer is, as a number.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The probability of the likeliest class.
    #[default]
    Probability,
    /// The sum of the three highest probabilities: of the simple ones it tells foreign pictures best, where there are many classes.
    Top3,
    /// The highest probability less the next one.
    Margin,
    /// The logarithm of the sum of all logits' exponentials; only for [`Scores::Logits`] (Liu et al., "Energy-based
    /// Out-of-distribution Detection", 2020, with the sign turned round).
    Energy,
}

impl Certainty {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::Top3 => "top3",
            Self::Margin => "margin",
            Self::Energy => "energy",
        }
    }
}

impl Description {
    /// Reads and checks one.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, String> {
        let description: Self =
            serde_json::from_slice(json).map_err(|error| format!("description can't be read: {error}"))?;
        description.check()?;
        Ok(description)
    }

    pub(crate) fn to_json(&self) -> Result<String, String> {
        self.check()?;
        serde_json::to_string(self).map_err(|error| format!("description can't be written: {error}"))
    }

    /// That a function can go by it.
    fn check(&self) -> Result<(), String> {
        let Self { input, output, unsure, .. } = self;
        for (name, side) in [("width", input.width), ("height", input.height)] {
            if !(1..=MAX_SIDE).contains(&side) {
                return Err(format!("{name} is {side}, accepted are 1 to {MAX_SIDE}"));
            }
        }
        if !matches!(input.channels, 1 | 3) {
            return Err(format!("channels are {}, accepted are 1 and 3", input.channels));
        }
        if !(1..=MAX_CLASSES).contains(&output.classes) {
            return Err(format!("classes are {}, accepted are 1 to {MAX_CLASSES}", output.classes));
        }
        if let Some(Normalization { mean, std }) = input.normalization {
            let is_usable = mean.iter().all(|mean| mean.is_finite()) && std.iter().all(|std| std.is_normal());
            if !is_usable {
                return Err(format!(
                    "normalisation has mean {mean:?} and std {std:?}, accepted are numbers, and no std of 0"
                ));
            }
        }
        let has_scale = |element, quantization: Option<Quantization>| match quantization {
            None => element == Element::Float32,
            Some(quantization) => quantization.scale.is_normal() && element != Element::Float32,
        };
        if input.normalization.is_some() && !has_scale(input.element, input.quantization) {
            return Err("input has no scale that goes with its type".to_owned());
        }
        if input.normalization.is_none() && input.element == Element::Float32 {
            return Err("input is float32 and has no normalisation".to_owned());
        }
        if !has_scale(output.element, output.quantization) {
            return Err("output has no scale that goes with its type".to_owned());
        }
        if unsure.below.is_some_and(|below| !below.is_finite()) {
            return Err("threshold is no number".to_owned());
        }
        if unsure.by == Certainty::Energy && output.scores != Scores::Logits {
            return Err("threshold is one of energy, but its model's output are no logits".to_owned());
        }
        if let Some(class) = unsure.background.iter().find(|class| **class >= output.classes) {
            return Err(format!("background is class {class} of {}", output.classes));
        }
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

//! The model that was compiled in, by `build/main.rs` from `models/$MODEL`.

use kit::Language;

/// What the function knows of its model besides the weights.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Name of the model's folder.
    pub name: &'static str,
    /// Pixels across of the input.
    pub width: u32,
    /// Pixels down of the input.
    pub height: u32,
    /// The graph's name of the input tensor: unsigned bytes, 1 × height × width × 3, RGB.
    pub input_tensor: &'static str,
    /// The graph's name of the output tensor: unsigned bytes, 1 × classes.
    pub output_tensor: &'static str,
    english: &'static [&'static str],
    chinese: &'static [&'static str],
}

impl Model {
    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.english.len()
    }

    /// The label of class `index`.
    pub(crate) fn label(&self, index: usize, language: Language) -> &'static str {
        let labels = match language {
            Language::English => self.english,
            Language::Chinese => self.chinese,
        };
        labels.get(index).copied().unwrap_or("?")
    }
}

include!(concat!(env!("OUT_DIR"), "/model.rs"));

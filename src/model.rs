//! The model of a function, which `vision function` put into it.

use kit::Language;
use packed::{Damage, Description, Packed};

/// A function's model: what it takes and gives, its labels, its weights.
#[derive(Clone, Debug)]
pub struct Model<'a>(Packed<'a>);

impl<'a> Model<'a> {
    /// Reads the block that a function carries.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(block: &'a [u8]) -> Result<Self, Damage> {
        Packed::read(block).map(Self)
    }

    /// What it takes and gives.
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    /// Its file.
    pub fn weights(&self) -> &'a [u8] {
        self.0.model
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.0.description.output.classes
    }

    /// The label of class `index`.
    pub fn label(&self, index: usize, language: Language) -> &'a str {
        let label = match language {
            Language::English => self.0.english().nth(index),
            Language::Chinese => self.0.chinese().nth(index),
        };
        label.unwrap_or("?")
    }
}

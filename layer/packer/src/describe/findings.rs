//! What was found out of a model, for people.

/// Something that was found out, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: &'static str,
    /// What was found, and where from.
    pub found: String,
}

/// All that was found.
#[derive(Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, about: &'static str, found: impl Into<String>) {
        self.0.push(Finding { about, found: found.into() });
    }
}

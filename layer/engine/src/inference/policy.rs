//! Which models may run.
//!
//! A verified model can still meet a mistake of LiteRT's kernels, so only models whose sha256 somebody has vouched for
//! run. The hash is taken when a model is compiled; a compiled model is found again by its bytes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::sha256_sum::Sha256Sum;

/// Name and sha256 of the models of this project (`models/*/model.toml`), written by build.rs.
const PROJECT_MODELS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/known_models.rs"));

/// Which models a module may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelPolicy {
    /// Those with one of these digests.
    Known(BTreeSet<Sha256Sum>),
    /// All that can be verified.
    Any,
}

impl Default for ModelPolicy {
    /// The models of this project.
    fn default() -> Self {
        Self::known_and([])
    }
}

impl ModelPolicy {
    /// The models of this project, and these.
    pub fn known_and(others: impl IntoIterator<Item = Sha256Sum>) -> Self {
        let ours = PROJECT_MODELS.iter().filter_map(|(_, digest)| digest.parse().ok());
        Self::Known(ours.chain(others).collect())
    }

    /// Whether this model may run; its digest where it may not.
    pub(super) fn check(&self, model: &[u8]) -> Result<(), Sha256Sum> {
        match self {
            Self::Any => Ok(()),
            Self::Known(_) => self.check_sum(Sha256Sum::of(model)),
        }
    }

    /// Whether the model with this digest may run; the digest where it may not.
    ///
    /// # Errors
    /// The digest.
    pub fn check_sum(&self, digest: Sha256Sum) -> Result<(), Sha256Sum> {
        match self {
            Self::Known(known) if !known.contains(&digest) => Err(digest),
            Self::Known(_) | Self::Any => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_of_the_project_are_known() {
        let names: Vec<_> = PROJECT_MODELS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["beans", "faces", "groceries", "imagenet", "selfie"]);
        let ModelPolicy::Known(known) = ModelPolicy::default() else { panic!("any") };
        assert_eq!(known.len(), PROJECT_MODELS.len(), "each sha256 is one");
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(text.parse(), Ok(Sha256Sum::of(b"")));
        assert_eq!(text.to_uppercase().parse(), Ok(Sha256Sum::of(b"")));
        assert_eq!(Sha256Sum::of(b"").to_string(), text);
        for text in
            ["", "e3", &text[1..], &format!("{text}00"), &text.replace('b', "g"), "é".repeat(32).as_str()]
        {
            let message = text.parse::<Sha256Sum>().unwrap_err().to_string();
            assert!(message.contains("64 hexadecimal digits"), "{message}");
        }
    }
}

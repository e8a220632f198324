//! Which models may run.
//!
//! A verified model can still meet a mistake of LiteRT's kernels, so only models whose sha256 somebody has vouched for
//! run. The hash is taken when a model is compiled; a compiled model is found again by its bytes.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Name and sha256 of the models of this project (`models/*/model.toml`), written by build.rs.
const PROJECT_MODELS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/known_models.rs"));

/// The sha256 of a model's bytes; as text 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelDigest([u8; 32]);

impl ModelDigest {
    /// The digest of these bytes.
    pub fn of(model: &[u8]) -> Self {
        Self(Sha256::digest(model).into())
    }
}

impl fmt::Display for ModelDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

/// A text that is no sha256.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("found {0:?}, accepted is a sha256: 64 hexadecimal digits, as `sha256sum` prints them")]
pub struct DigestError(String);

impl FromStr for ModelDigest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(DigestError(text.chars().take(80).collect())),
        }
    }
}

/// Which models a module may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModelPolicy {
    /// Those with one of these digests.
    Known(BTreeSet<ModelDigest>),
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
    pub fn known_and(others: impl IntoIterator<Item = ModelDigest>) -> Self {
        let ours = PROJECT_MODELS.iter().filter_map(|(_, digest)| digest.parse().ok());
        Self::Known(ours.chain(others).collect())
    }

    /// Whether this model may run; its digest where it may not.
    pub(super) fn check(&self, model: &[u8]) -> Result<(), ModelDigest> {
        let Self::Known(known) = self else { return Ok(()) };
        let digest = ModelDigest::of(model);
        if known.contains(&digest) { Ok(()) } else { Err(digest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_of_the_project_are_known() {
        let names: Vec<_> = PROJECT_MODELS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["groceries", "imagenet"]);
        let ModelPolicy::Known(known) = ModelPolicy::default() else { panic!("any") };
        assert_eq!(known.len(), PROJECT_MODELS.len(), "each sha256 is one");
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(text.parse(), Ok(ModelDigest::of(b"")));
        assert_eq!(text.to_uppercase().parse(), Ok(ModelDigest::of(b"")));
        assert_eq!(ModelDigest::of(b"").to_string(), text);
        for text in
            ["", "e3", &text[1..], &format!("{text}00"), &text.replace('b', "g"), "é".repeat(32).as_str()]
        {
            let message = text.parse::<ModelDigest>().unwrap_err().to_string();
            assert!(message.contains("64 hexadecimal digits"), "{message}");
        }
    }
}

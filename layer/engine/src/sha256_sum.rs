//! Sums by which modules, models and pictures are known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The sha256 of the bytes of a module, model or picture; as text 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sha256Sum([u8; 32]);

impl Sha256Sum {
    /// The sum of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl From<sha2::digest::Output<Sha256>> for Sha256Sum {
    fn from(digest: sha2::digest::Output<Sha256>) -> Self {
        Self(digest.into())
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

/// A text that is no sha256.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("found {0:?}, accepted is a sha256: 64 hexadecimal digits, as `sha256sum` prints them")]
pub struct SumError(String);

impl FromStr for Sha256Sum {
    type Err = SumError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(SumError(text.chars().take(80).collect())),
        }
    }
}

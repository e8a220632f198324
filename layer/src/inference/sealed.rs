//! Models in files that nobody can change.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// A part of a sealed file in memory: the same part has the same bytes for as long as the file is there.
#[derive(Clone, Debug)]
pub struct SealedPart {
    pub(super) file: Arc<File>,
    pub(super) range: Range<u64>,
}

impl SealedPart {
    /// The bytes in `range` of `file`, which must be sealed against writing and shrinking (`memfd_create`, `F_SEAL_WRITE`,
    /// `F_SEAL_SHRINK`).
    pub(crate) fn new(file: Arc<File>, range: Range<u64>) -> Self {
        Self { file, range }
    }
}

impl PartialEq for SealedPart {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.range == other.range
    }
}

//! Which photos are done: sixteen bytes for each, so that millions fit into memory.

use crate::trigger::batch::photo_name::{NameSum, PhotoName};

/// Photos that an output has rows of.
#[derive(Debug, Default)]
pub(in crate::trigger::batch) struct Done {
    /// In order.
    answered: Vec<u128>,
    /// In order.
    failed: Vec<u128>,
}

impl Done {
    pub(super) fn new(mut answered: Vec<u128>, mut failed: Vec<u128>) -> Self {
        answered.sort_unstable();
        failed.sort_unstable();
        Self { answered, failed }
    }

    /// The same, where rows with an error do not count.
    pub(super) fn without_failed(self) -> Self {
        Self { failed: Vec::new(), ..self }
    }

    /// Whether there is a row of the photo with this sum.
    pub(in crate::trigger::batch) fn has(&self, sum: &NameSum) -> bool {
        self.answered.binary_search(&sum.id).is_ok() || self.failed.binary_search(&sum.id).is_ok()
    }

    /// Rows.
    pub(in crate::trigger::batch) fn count(&self) -> usize {
        self.answered.len() + self.failed.len()
    }

    /// Rows with an error.
    pub(in crate::trigger::batch) fn failed(&self) -> usize {
        self.failed.len()
    }

    #[cfg(test)]
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.has(&PhotoName::new(name).sum())
    }
}

/// Collects what is done while an output is read.
#[derive(Debug, Default)]
pub(super) struct DoneSoFar {
    answered: Vec<u128>,
    failed: Vec<u128>,
}

impl DoneSoFar {
    pub(super) fn add(&mut self, name: &PhotoName, is_failure: bool) {
        let list = if is_failure { &mut self.failed } else { &mut self.answered };
        list.push(name.sum().id);
    }

    pub(super) fn finish(self) -> Done {
        Done::new(self.answered, self.failed)
    }
}

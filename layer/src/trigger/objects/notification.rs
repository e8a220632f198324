//! Notifications among all events, told apart without parsing a picture's megabytes of base64.

use memchr::memmem;

use super::service::{Record, Service};

/// Notifications come as asynchronous events, which have at most 128 KB; twice that for what escapes may add.
const MAX_BYTES: usize = 256 << 10;

/// Objects that something happened to; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub(super) records: Vec<Record>,
}

impl Notification {
    /// The notification that `event` is; all storages have a field `Records`.
    pub(in crate::trigger) fn find(event: &[u8], service: &impl Service) -> Option<Self> {
        if event.len() > MAX_BYTES || memmem::find(event, b"\"Records\"").is_none() {
            return None;
        }
        Self::of(event, service)
    }

    /// The same of an event that is known to be a small one.
    pub(in crate::trigger) fn of(event: &[u8], service: &impl Service) -> Option<Self> {
        let records = service.notification(event).filter(|records| !records.is_empty())?;
        Some(Self { records })
    }

    #[cfg(test)]
    pub(in crate::trigger) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Both together.
    pub(in crate::trigger) fn and(mut self, other: Self) -> Self {
        self.records.extend(other.records);
        self
    }
}

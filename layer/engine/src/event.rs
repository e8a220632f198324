//! An event, as the engine sees it.

use std::io::Read;
use std::time::Duration;

/// One event.
pub struct Event {
    /// Its bytes.
    pub input: Box<dyn Read + Send>,
    /// How long it may take.
    pub time: Duration,
}

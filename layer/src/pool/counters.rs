//! What happened to workers.

use prometheus_client::metrics::counter::Counter;

/// What happened to workers. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Workers that were started, the first ones among them.
    pub started: Counter,
    /// Workers that ended by themselves, by a fault or because somebody killed them.
    pub died: Counter,
    /// Those of them that wanted more memory than their limit.
    pub out_of_memory: Counter,
    /// Workers that were killed because their event's time was over.
    pub killed: Counter,
}

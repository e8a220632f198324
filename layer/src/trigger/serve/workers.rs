//! What the service knows of the workers behind its handler.

use std::fmt;
use std::num::NonZeroUsize;

use crate::pool::{Counters, Pool};

/// How many events are answered at the same time, and whether there is anybody to answer them.
pub(super) struct Workers {
    pub(super) count: NonZeroUsize,
    pub(super) counters: Counters,
    alive: Box<dyn Fn() -> usize + Send + Sync>,
}

impl Workers {
    /// The `count` workers of `pool`.
    pub(super) fn of(pool: &Pool, count: NonZeroUsize) -> Self {
        let counters = pool.counters().clone();
        let pool = pool.clone();
        Self { count, counters, alive: Box::new(move || pool.alive()) }
    }

    /// Those that are ready or busy now.
    pub(super) fn alive(&self) -> usize {
        (self.alive)()
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("count", &self.count).field("alive", &self.alive()).finish()
    }
}

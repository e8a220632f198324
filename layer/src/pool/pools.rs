//! The functions of a program, each with workers of its own.

use std::num::NonZeroUsize;

use futures_util::future::select_all;

use super::handle::Pool;

/// A function's workers.
#[derive(Clone, Debug)]
pub struct FunctionPool {
    /// The function's name.
    pub name: String,
    /// How many workers it has.
    pub workers: NonZeroUsize,
    /// The workers.
    pub pool: Pool,
}

/// The functions of a program: one or more.
#[derive(Clone, Debug)]
pub struct Pools {
    first: FunctionPool,
    others: Vec<FunctionPool>,
}

impl Pools {
    /// One function, and more of them.
    pub fn new(first: FunctionPool, others: Vec<FunctionPool>) -> Self {
        Self { first, others }
    }

    /// The only function, or the one that was named first.
    pub fn first(&self) -> &Pool {
        &self.first.pool
    }

    /// All of them, in the order in which they were named.
    pub fn iter(&self) -> impl Iterator<Item = &FunctionPool> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Waits until no worker of some function can be had any more ([`Pool::gone`]); that function.
    pub async fn gone(&self) -> &FunctionPool {
        let all = self.iter().map(|function| Box::pin(async move { function.pool.gone().await }));
        let ((), index, _) = select_all(all).await;
        self.iter().nth(index).unwrap_or(&self.first)
    }
}

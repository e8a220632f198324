//! Who may use a worker, who waits, who is refused.

use std::sync::Arc;

use contract::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::problem::Problem;

/// As many turns at the same time as there are workers; a queue with a limit before them.
#[derive(Debug)]
pub(super) struct Admission {
    workers: Arc<Semaphore>,
    places: Arc<Semaphore>,
    worker_count: usize,
    place_count: usize,
}

/// The right to use a worker, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _worker: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(workers: usize, queue: usize) -> Self {
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            places: Arc::new(Semaphore::new(workers + queue)),
            worker_count: workers,
            place_count: workers + queue,
        }
    }

    /// Waits for a worker until `deadline`, in the order of arrival.
    ///
    /// # Errors
    /// `overloaded` at once where the queue is full, `timeout` at the deadline.
    pub(super) async fn enter(&self, deadline: Instant) -> Result<Turn, Problem> {
        let full = || Problem::new(ErrorCode::Overloaded, "too many requests wait already; come again");
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| full())?;
        match tokio::time::timeout_at(deadline, Arc::clone(&self.workers).acquire_owned()).await {
            Ok(Ok(worker)) => Ok(Turn { _worker: worker, _place: place }),
            // Nobody closes the semaphore.
            Ok(Err(_)) => Err(full()),
            Err(_) => Err(Problem::new(ErrorCode::Timeout, "no worker became free in time")),
        }
    }

    /// Requests with a worker.
    pub(super) fn running(&self) -> usize {
        self.worker_count - self.workers.available_permits()
    }

    /// Requests that wait for a worker.
    pub(super) fn waiting(&self) -> usize {
        (self.place_count - self.places.available_permits()).saturating_sub(self.running())
    }

    /// Waits until nobody uses a worker or waits for one, or it is `deadline`.
    pub(super) async fn idle(&self, deadline: Instant) {
        let all = u32::try_from(self.place_count).unwrap_or(u32::MAX);
        drop(tokio::time::timeout_at(deadline, self.places.acquire_many(all)).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn beyond_workers_and_queue_a_request_is_refused_at_once() {
        let admission = Arc::new(Admission::new(1, 1));
        let first = admission.enter(soon()).await.unwrap();
        let waiter = tokio::spawn({
            let admission = Arc::clone(&admission);
            async move { admission.enter(Instant::now() + Duration::from_secs(60)).await.map(drop) }
        });
        while admission.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(admission.enter(soon()).await.unwrap_err().code, ErrorCode::Overloaded);
        drop(first);
        assert!(waiter.await.unwrap().is_ok());
        assert_eq!((admission.running(), admission.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_too_long_gives_the_place_back() {
        let admission = Admission::new(1, 1);
        let _first = admission.enter(soon()).await.unwrap();
        for _ in 0..3 {
            assert_eq!(admission.enter(soon()).await.unwrap_err().code, ErrorCode::Timeout);
        }
    }
}

//! Places for connections: who must leave when there are too many, and who is answered all the same.
//!
//! As many requests as there are places are answered at the same time. Connections beyond that come in: the one that has
//! been idle for longest (between requests, or slow to send one) has to leave for each. Where all are busy, a few more
//! come in to be told so, and health checks to be answered. Where the system gives fewer connections than that, there are
//! fewer places for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contract::ErrorCode;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::callers::FOR_ANYBODY;
use super::problem::Problem;

/// Connections beyond the limit: they are answered at once or are idle.
pub(crate) const MORE: usize = 16;

/// Where the system gives no more connections, so many fewer than there are then are taken, for what else the program needs a
/// file for, such as events and workers; and for how long.
const SPARED: usize = 8;
const SPARED_FOR: Duration = Duration::from_secs(60);

/// How long a connection has been idle at least that has to leave: one that was just made is about to ask.
const MIN_IDLE: Duration = Duration::from_secs(1);

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    limit: usize,
    least_idle: Duration,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    taken: HashMap<u64, Seat>,
    /// Requests that are answered now, but for health checks.
    busy: usize,
    /// How many connections there may be, and until when, where the system gave no more.
    short: Option<(usize, Instant)>,
}

#[derive(Debug)]
struct Seat {
    requests: usize,
    idle_since: Instant,
    leave: watch::Sender<Leave>,
}

/// Whether a connection may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// As long as it likes.
    Stay,
    /// Others need its place.
    MakeRoom,
    /// The service ends: after the answer to what was asked.
    End,
}

/// The place of one connection, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    places: Arc<Places>,
    leave: watch::Receiver<Leave>,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(super) struct Busy {
    number: u64,
    places: Arc<Places>,
    counts: bool,
}

impl Places {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Self::with(limit, MIN_IDLE)
    }

    fn with(limit: usize, least_idle: Duration) -> Arc<Self> {
        Arc::new(Self { limit, least_idle, state: Mutex::default(), freed: Notify::new() })
    }

    /// A place for a connection that is there, as soon as there is one.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_take() {
                return place;
            }
            // One that is freed meanwhile is noted; one that only becomes idle for long enough is not.
            drop(timeout(MIN_IDLE, self.freed.notified()).await);
        }
    }

    /// A place, if there is one.
    pub(super) fn try_take(self: &Arc<Self>) -> Option<Place> {
        let mut state = self.lock();
        let (limit, most) = self.bounds(&state);
        if state.staying() >= limit {
            state.make_room(self.least_idle);
        }
        if state.taken.len() >= most {
            return None;
        }
        let (sender, leave) = watch::channel(Leave::Stay);
        let number = state.next;
        state.next += 1;
        state.taken.insert(number, Seat { requests: 0, idle_since: Instant::now(), leave: sender });
        drop(state);
        Some(Place { number, places: Arc::clone(self), leave })
    }

    /// The system gives no more connections: there are fewer places for a while, and for each that is too many now the
    /// connection leaves that has been idle for longest, however long that is.
    pub(super) fn make_room(&self) {
        let mut state = self.lock();
        let most = state.taken.len().saturating_sub(SPARED).max(2);
        state.short = Some((most, Instant::now() + SPARED_FOR));
        let (limit, _) = self.bounds(&state);
        for _ in limit..state.staying() {
            state.make_room(Duration::ZERO);
        }
    }

    /// Requests that are answered at the same time, and connections that there may be.
    fn bounds(&self, state: &State) -> (usize, usize) {
        match state.short {
            Some((most, until)) if Instant::now() < until && most < self.limit + MORE => {
                ((most - MORE.min(most.div_ceil(4))).min(self.limit), most)
            }
            _ => (self.limit, self.limit + MORE),
        }
    }

    /// Has all leave after what they asked is answered, and waits until they have.
    pub(super) async fn end(&self) {
        for seat in self.lock().taken.values() {
            seat.leave.send_replace(Leave::End);
        }
        while !self.lock().taken.is_empty() {
            self.freed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn staying(&self) -> usize {
        self.taken.values().filter(|seat| *seat.leave.borrow() == Leave::Stay).count()
    }

    /// Has the one leave that has been idle for longest.
    fn make_room(&self, least_idle: Duration) {
        let may_leave = |seat: &&Seat| {
            seat.requests == 0
                && seat.idle_since.elapsed() >= least_idle
                && *seat.leave.borrow() == Leave::Stay
        };
        if let Some(seat) = self.taken.values().filter(may_leave).min_by_key(|seat| seat.idle_since) {
            seat.leave.send_replace(Leave::MakeRoom);
        }
    }
}

impl Place {
    /// Begins with a request for `path`.
    ///
    /// # Errors
    /// `overloaded` where all places are busy, unless it asks for health.
    pub(super) fn begin(&self, path: &str) -> Result<Busy, Problem> {
        let counts = !FOR_ANYBODY.contains(&path);
        let mut state = self.places.lock();
        if counts && state.busy >= self.places.bounds(&state).0 {
            return Err(Problem::new(
                ErrorCode::Overloaded,
                "too many connections are busy already; come again",
            ));
        }
        state.busy += usize::from(counts);
        if let Some(seat) = state.taken.get_mut(&self.number) {
            seat.requests += 1;
        }
        drop(state);
        Ok(Busy { number: self.number, places: Arc::clone(&self.places), counts })
    }

    /// Whether no request is being answered.
    pub(super) fn is_idle(&self) -> bool {
        self.places.lock().taken.get(&self.number).is_none_or(|seat| seat.requests == 0)
    }

    /// Waits until the connection has to leave; why.
    pub(super) async fn has_to_leave(&self) -> Leave {
        let mut leave = self.leave.clone();
        let found = leave.wait_for(|leave| *leave != Leave::Stay).await;
        found.map_or(Leave::End, |leave| *leave)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().taken.remove(&self.number);
        self.places.freed.notify_one();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        state.busy -= usize::from(self.counts);
        if let Some(seat) = state.taken.get_mut(&self.number) {
            seat.requests -= 1;
            seat.idle_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(place: &Place) -> bool {
        *place.leave.borrow() != Leave::Stay
    }

    #[test]
    fn for_each_newcomer_the_one_leaves_that_was_idle_for_longest() {
        let places = Places::with(2, Duration::ZERO);
        let [first, second] = [(); 2].map(|()| places.try_take().unwrap());
        assert!(!leaves(&first) && !leaves(&second));
        // The first has just been answered.
        drop(first.begin("/"));
        let third = places.try_take().unwrap();
        assert!(leaves(&second) && !leaves(&first));
        let _fourth = places.try_take().unwrap();
        assert!(leaves(&first) && !leaves(&third));
    }

    #[test]
    fn who_has_just_come_need_not_leave() {
        let places = Places::with(1, Duration::from_secs(60));
        let first = places.try_take().unwrap();
        let _second = places.try_take().unwrap();
        assert!(!leaves(&first));
    }

    #[test]
    fn where_the_system_gives_no_more_there_are_fewer_places_and_the_idle_leave_for_them() {
        let places = Places::with(100, Duration::from_secs(60));
        let mut taken: Vec<Place> = (0..20).map(|_| places.try_take().unwrap()).collect();
        let busy = taken[0].begin("/").unwrap();
        places.make_room();
        // Eight are spared of twenty, and of the twelve a fourth is for those who are told to come again.
        let left: Vec<bool> = taken.iter().map(leaves).collect();
        assert_eq!(left.iter().filter(|leaves| **leaves).count(), 11, "{left:?}");
        assert!(!left[0], "it is answered");
        assert!(left[1..12].iter().all(|leaves| *leaves), "the longest idle ones: {left:?}");
        assert!(places.try_take().is_none());
        taken.drain(1..12);
        let more: Vec<Place> = (0..3).map(|_| places.try_take().unwrap()).collect();
        assert!(places.try_take().is_none());
        // After a while it is tried again.
        places.lock().short = Some((12, Instant::now()));
        assert!(places.try_take().is_some());
        drop((busy, more));
    }

    #[test]
    fn there_are_always_places_for_one_request_and_one_that_is_told_to_come_again() {
        let places = Places::with(100, Duration::ZERO);
        places.make_room();
        let [first, second] = [(); 2].map(|()| places.try_take().unwrap());
        let busy = first.begin("/").unwrap();
        assert_eq!(second.begin("/").unwrap_err().code, ErrorCode::Overloaded);
        assert!(places.try_take().is_none());
        drop(busy);
    }

    #[test]
    fn nobody_leaves_while_a_request_is_answered() {
        let places = Places::with(1, Duration::ZERO);
        let first = places.try_take().unwrap();
        let busy = first.begin("/").unwrap();
        let second = places.try_take().unwrap();
        assert!(!leaves(&first));
        assert_eq!(second.begin("/").unwrap_err().code, ErrorCode::Overloaded);
        for path in FOR_ANYBODY {
            assert!(second.begin(path).is_ok());
        }
        drop(busy);
        assert!(second.begin("/").is_ok());
    }

    #[test]
    fn there_is_an_end_to_those_who_come_in_to_be_told() {
        let places = Places::with(1, Duration::ZERO);
        let mut taken: Vec<Place> = (0..=MORE).map(|_| places.try_take().unwrap()).collect();
        assert!(places.try_take().is_none());
        taken.pop();
        assert!(places.try_take().is_some());
    }

    #[tokio::test]
    async fn the_end_waits_for_all() {
        let places = Places::with(2, Duration::ZERO);
        let place = places.try_take().unwrap();
        let leaving = tokio::spawn(async move { assert_eq!(place.has_to_leave().await, Leave::End) });
        places.end().await;
        leaving.await.unwrap();
    }
}

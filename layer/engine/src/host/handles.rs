//! What guests hold by number: sessions, and whatever else an interface knows by a handle.

use std::collections::HashMap;
use std::hash::Hash;

/// The number of an interface's handles: i32 or i64, as guests pass them.
pub(super) trait Handle: Copy + Eq + Hash {
    /// The first handle. Not 0, which is what a guest's uninitialised handle is, and what some interfaces answer for a
    /// failure.
    const FIRST: Self;

    fn next(self) -> Option<Self>;
}

macro_rules! handles {
    ($($number:ty),*) => {$(
        impl Handle for $number {
            const FIRST: Self = 1;

            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }
        }
    )*};
}

handles!(u32, u64);

/// All that one instance holds by handles `H`, up to a limit. A handle is given out once: one that was given back, or was
/// made up, is unknown.
#[derive(Debug)]
pub(super) struct Handles<H, T> {
    held: HashMap<H, T>,
    /// None after the last number.
    next: Option<H>,
    limit: usize,
}

impl<H: Handle, T> Handles<H, T> {
    /// Nothing yet, and `limit` at most.
    pub(super) fn new(limit: usize) -> Self {
        Self { held: HashMap::new(), next: Some(H::FIRST), limit }
    }

    /// Whether nothing more can be held.
    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= self.limit || self.next.is_none()
    }

    /// A new handle of `value`; None where it is full.
    pub(super) fn insert(&mut self, value: T) -> Option<H> {
        let handle = self.next.filter(|_| !self.is_full())?;
        self.next = handle.next();
        self.held.insert(handle, value);
        Some(handle)
    }

    pub(super) fn get(&self, handle: H) -> Option<&T> {
        self.held.get(&handle)
    }

    pub(super) fn get_mut(&mut self, handle: H) -> Option<&mut T> {
        self.held.get_mut(&handle)
    }

    /// The handle of something that is held and is `wanted`.
    pub(super) fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<H> {
        self.held.iter().find(|(_, held)| wanted(held)).map(|(handle, _)| *handle)
    }

    /// Gives back all but what is `wanted`.
    pub(super) fn retain(&mut self, wanted: impl Fn(&T) -> bool) {
        self.held.retain(|_, held| wanted(held));
    }

    /// Gives back what the handle stood for.
    pub(super) fn remove(&mut self, handle: H) -> Option<T> {
        self.held.remove(&handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_handle_is_given_out_once<H: Handle + std::fmt::Debug>() {
        let mut handles = Handles::<H, &str>::new(2);
        let first = handles.insert("a").unwrap();
        assert_eq!(first, H::FIRST);
        assert_eq!(handles.remove(first), Some("a"));
        let second = handles.insert("b").unwrap();
        assert_ne!(first, second);
        assert_eq!(handles.get(first), None);
        assert_eq!(handles.remove(first), None);
        *handles.get_mut(second).unwrap() = "c";
        assert_eq!(handles.get(second), Some(&"c"));
    }

    #[test]
    fn handles_of_both_widths_are_given_out_once() {
        a_handle_is_given_out_once::<u32>();
        a_handle_is_given_out_once::<u64>();
    }

    #[test]
    fn nothing_is_held_beyond_the_limit_until_something_is_given_back() {
        let mut handles = Handles::<u32, u8>::new(2);
        let held: Vec<_> = (0..3).map(|value| handles.insert(value)).collect();
        assert_eq!(held, [Some(1), Some(2), None]);
        assert!(handles.is_full());
        handles.remove(2);
        assert_eq!(handles.insert(3), Some(3));
    }

    #[test]
    fn after_the_last_number_nothing_more_is_held() {
        let mut handles = Handles { held: HashMap::new(), next: Some(u32::MAX), limit: 8 };
        assert_eq!(handles.insert(()), Some(u32::MAX));
        assert!(handles.is_full());
        assert_eq!(handles.insert(()), None);
        assert_eq!(handles.remove(u32::MAX), Some(()));
        assert!(handles.is_full());
    }

    #[test]
    fn zero_is_no_handle() {
        let mut handles = Handles::<u64, ()>::new(8);
        handles.insert(());
        assert_eq!(handles.get(0), None);
    }
}

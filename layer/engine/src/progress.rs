//! Notes what this process is doing with its event, where the other half can read it after the process has ended.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::answer::Step;

/// What is told.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Board {
    step: AtomicU8,
    /// Whether memory was refused.
    was_refused_memory: AtomicU8,
    /// The number of the last event that was begun with.
    event: AtomicU64,
}

/// What was told, as the other half reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What the process is doing.
    pub step: Step,
    /// Whether memory was refused since the event began.
    pub was_refused_memory: bool,
    /// The number of the event.
    pub event: u64,
}

/// Bytes of a board.
pub const BOARD_BYTES: usize = size_of::<Board>();

impl Told {
    /// Reads the bytes of a board.
    pub fn read(bytes: [u8; BOARD_BYTES]) -> Self {
        let [step, was_refused_memory, _, _, _, _, _, _, event @ ..] = bytes;
        Self {
            step: Step::from_number(step),
            was_refused_memory: was_refused_memory != 0,
            event: u64::from_ne_bytes(event),
        }
    }
}

/// Where it is told; without a place nobody reads it.
static PLACE: OnceLock<&'static Board> = OnceLock::new();
static NOWHERE: Board =
    Board { step: AtomicU8::new(0), was_refused_memory: AtomicU8::new(0), event: AtomicU64::new(0) };

/// Tells it at `place` from now on.
pub fn tell_at(place: &'static Board) {
    // A process has one place.
    let _ = PLACE.set(place);
}

fn board() -> &'static Board {
    PLACE.get().copied().unwrap_or(&NOWHERE)
}

/// Begins with the event of this number.
pub fn begin_event(number: u64) {
    board().was_refused_memory.store(0, Ordering::Relaxed);
    board().event.store(number, Ordering::Release);
}

/// Begins a step.
pub fn begin(step: Step) {
    board().step.store(step as u8, Ordering::Relaxed);
}

/// The present step.
pub fn present() -> Step {
    Step::from_number(board().step.load(Ordering::Relaxed))
}

/// Notes that the system refused memory.
pub fn note_refused_memory() {
    board().was_refused_memory.store(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read() {
        let told = Board {
            step: AtomicU8::new(Step::Image as u8),
            was_refused_memory: AtomicU8::new(1),
            event: AtomicU64::new(0x0102_0304_0506_0708),
        };
        let mut bytes = [0; BOARD_BYTES];
        bytes[0] = told.step.load(Ordering::Relaxed);
        bytes[1] = told.was_refused_memory.load(Ordering::Relaxed);
        bytes[std::mem::offset_of!(Board, event)..]
            .copy_from_slice(&told.event.load(Ordering::Relaxed).to_ne_bytes());
        let expected = Told { step: Step::Image, was_refused_memory: true, event: 0x0102_0304_0506_0708 };
        assert_eq!(Told::read(bytes), expected);
    }
}

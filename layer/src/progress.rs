//! What this process is doing with its event, told where the other half can read it when the process has ended.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::answer::Step;

/// What is told: the step, and whether memory was refused.
pub(crate) type Board = [AtomicU8; 2];

/// Where it is told; without a place nobody reads it.
static PLACE: OnceLock<&'static Board> = OnceLock::new();
static NOWHERE: Board = [const { AtomicU8::new(0) }; 2];

/// Tells it at `place` from now on.
pub(crate) fn tell_at(place: &'static Board) {
    // A process has one place.
    let _ = PLACE.set(place);
}

fn board() -> &'static Board {
    PLACE.get().copied().unwrap_or(&NOWHERE)
}

/// Begins a step.
pub(crate) fn begin(step: Step) {
    board()[0].store(step as u8, Ordering::Relaxed);
}

/// The present step.
pub(crate) fn present() -> Step {
    Step::from_number(board()[0].load(Ordering::Relaxed))
}

/// Notes that the system refused memory.
pub(crate) fn note_refused_memory() {
    board()[1].store(1, Ordering::Relaxed);
}

/// Whether memory was refused since the last time that this was asked.
pub(crate) fn take_refused_memory() -> bool {
    board()[1].swap(0, Ordering::Relaxed) != 0
}

//! The front's side of the workers: who gets an event, how long it may take, and what becomes of a worker that dies.
//!
//! ```text
//! call ─▶ queue ─▶ slot ═ one worker at a time: sends the event, holds the clock, kills, replaces
//! ```

mod counters;
mod handle;
mod handler;
mod job;
mod loading;
mod nursery;
mod pools;
mod slot;
mod socket;
mod worker_ends;
mod worker_process;

pub use counters::Counters;
pub use handle::{FRAME_BYTES, Pool};
pub use handler::Handler;
pub use job::GRACE;
pub use loading::{Confining, Given, LoadedPool, Loader, Loading};
pub use pools::{FunctionPool, Pools};

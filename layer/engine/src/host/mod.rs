//! The functions that a guest imports: a thin, total translation from guest pointers to safe slices and from Rust
//! errors to the ABI's numbers. What they do is in [`crate::image`] and [`crate::inference`].
//!
//! No argument of a guest makes a function here trap or panic; each failure has its number.

#![deny(clippy::indexing_slicing)]

mod data_image;
mod errno;
mod fed;
mod function;
mod granted;
mod handles;
mod image;
mod interfaces;
mod memory;
mod models;
mod nn;
mod nn_context;
mod older;
mod pages;
mod pictures;
mod state;
mod tensorflow;
mod tensorflow_lite;
mod wasi;
pub(crate) mod write_guard;

pub use interfaces::{Offered, offered, offered_modules};
pub use state::{HostTimings, Resources, SharedResources};
pub use wasi::Deadline;

pub(crate) use data_image::DataImage;
pub(crate) use function::{Imported, SharedState};
pub(crate) use interfaces::Imports;
pub(crate) use memory::SYSTEM_PAGE_BYTES;
pub(crate) use pages::KeptPages;
pub(crate) use state::HostState;

//! What tests, measurements, fuzz targets and the soak have in common.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

pub mod http;
mod project;
mod sandbox;
pub mod scf;

pub use project::{file, function, module, read, vision};
pub use sandbox::can_confine;

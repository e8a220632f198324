//! What tests, measurements, fuzz targets and the soak have in common.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

pub mod graphs;
pub mod http;
pub mod lambda;
pub mod modules;
mod process;
mod project;
pub mod protobuf;
mod sandbox;
pub mod scf;

pub use process::Process;
pub use project::{file, function, module, read, vision};
pub use sandbox::can_confine;

//! Placeholder for the map of the crate.

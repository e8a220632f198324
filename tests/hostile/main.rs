//! Modules that mean harm.

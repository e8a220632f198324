//! CloudEvents in each of their three modes; what is read as one comes back the same after it was written.
//!
//! The first byte says in which mode the rest is read.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| vision::trigger::cloud_events::fuzzing::read(input));

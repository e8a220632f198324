//! What comes from storages and about uploads: notifications, requests, names, lists of tags.
//!
//! The first byte says as what the rest is read.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| vision::trigger::objects::fuzzing::read(input));
